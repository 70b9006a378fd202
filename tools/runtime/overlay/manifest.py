# What the builds for a PC freeze: as little as possible, so that the firmware's own files are
# the ones that run. The board's stock image freezes asyncio as well.
include("$(MPY_DIR)/extmod/asyncio")  # noqa: F821
