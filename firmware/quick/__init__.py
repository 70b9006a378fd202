"""The short life on the meter's power alone: wake, read, now and then send, sleep: cycle.py."""
