"""`make flash` and `make deploy`: onto a board that hangs on USB.

    __main__.py    the two commands, step by step
    ports.py       which serial port it is, and why it cannot be opened
    device.py      the board behind it: what it is, its files (through mpremote)
    image.py       MicroPython's own image (through esptool; mpflash fetches it)
    transfer.py    what has to be copied, in an order that may be cut anywhere
    console.py     what the board says when it has started
    bar.py         progress
"""


class Problem(Exception):
    """Why it cannot go on, in words for who holds the cable."""
