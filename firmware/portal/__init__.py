"""The owner's pages: only the listener and the sessions stay in memory between two visits."""
