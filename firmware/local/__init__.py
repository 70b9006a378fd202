"""What others on the local network may read from the gateway; each of it off by default."""
