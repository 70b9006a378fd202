"""Days in the life of a gateway, in minutes: `make soak`."""
