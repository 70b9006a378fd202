"""The start: for a moment while only the meter feeds the gateway (quick/), else for good."""


def start() -> None:
    """Where prepare.py left word, look what feeds us first; then the whole gateway."""
    import os

    if "asleep.json" in os.listdir():
        from firmware.supply import known

        supply = known()
        if supply and supply.alone():
            from firmware.quick.cycle import live

            live(supply)
    from firmware.gateway import start

    start()
