"""The outputs that the settings ask for, on the pins of the board. Needed once, at start."""

from firmware.outputs import Outputs


def outputs(meter, settings, tell, pin, now):
    """The Outputs, None if no rule has a pin, or if the rules cannot be understood (it is said).

    pin(number, value) gives a machine.Pin that is an output with that value.
    """
    low = settings["output_active"] == "low"
    rules = []
    for n in "12":
        rule, number = settings["output_" + n], settings[f"output_{n}_pin"]
        if rule and number >= 0:
            rules.append((int(n), rule, _switch(pin(number, low), low)))
    try:
        return Outputs(meter, rules, tell, settings, now) if rules else None
    except ValueError as error:
        print(f"outputs: {error}")


def _switch(pin, low):
    """A callable that turns an output on (1) or off (0); low: it is on when its pin is low."""
    return lambda on: pin(on ^ low)
