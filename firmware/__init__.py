"""ticgate: from the meter's TIC line to whoever listens."""

__version__ = "0.1.0"
