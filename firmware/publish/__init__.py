"""One file per destination; policy.py says when to send, payload.py what a message looks like."""
