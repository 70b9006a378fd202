"""Starts the gateway; one that cannot be loaded again and again: boot.py takes another then."""

import sys

try:
    from firmware.starting import start
except Exception as error:  # a file is damaged, or not there
    import time

    import machine

    sys.print_exception(error)
    time.sleep(10)  # to read it, or to stop the board by hand
    machine.reset()
else:
    start()
