"""The light of a Winky, a WS2812: on or off is all it says yet. Loaded once, at start."""

_WHITE = (6, 6, 6)  # of 255: bright enough in a cupboard


def light(pin):
    """led(on) for the machine.Pin of a WS2812."""
    from neopixel import NeoPixel

    pixel = NeoPixel(pin, 1)

    def led(on):
        pixel[0] = _WHITE if on else (0, 0, 0)
        pixel.write()

    return led
