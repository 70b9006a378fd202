"""A board on USB, simulated on a pty."""
