"""Starts the gateway."""

from firmware.gateway import start

start()
