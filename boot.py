"""Picks the application that main.py starts.

There is one, in the root of the flash, which MicroPython searches already: nothing to pick yet.
This file is here so that one left by another firmware does not run in its place.
"""
