"""Ways to a network: each has run(), which raises OSError when it is lost, `up` and status()."""
