"""What can be lit: a WS2812, or a plain LED; and when it has to be dark. Loaded once, at start."""


def lamp(pin, kind, brightness):
    """show(red, green, blue), of 255 each, for a machine.Pin that is an output.

    kind: ws2812, plain (lit when its pin is high) or inverted. brightness: percent, of a WS2812.
    """
    if kind != "ws2812":
        lit = kind == "plain"
        pin(not lit)
        return lambda red, green, blue: pin(lit if red or green or blue else not lit)
    from neopixel import NeoPixel

    pixel = NeoPixel(pin, 1)

    def show(red, green, blue):
        pixel[0] = _dimmed(red, brightness), _dimmed(green, brightness), _dimmed(blue, brightness)
        pixel.write()

    show(0, 0, 0)  # what was lit before a restart still is
    return show


def night(gateway, begins, ends):
    """A function: whether the hour is from begins to ends, by legal time; never if they are equal,
    nor while the time is unknown.
    """

    def dark():
        utc = gateway.utc()
        if utc is None or begins == ends:
            return False
        hour = gateway.clock.local(utc)[3]
        return begins <= hour < ends if begins < ends else hour >= begins or hour < ends

    return dark


def _dimmed(part, brightness) -> int:
    """A colour that is there stays visible."""
    return (part * brightness + 99) // 100
