# The unix port as a stand-in for the ESP32-C6: 32 bits, threads under a GIL as on the board.
FROZEN_MANIFEST ?= $(VARIANT_DIR)/../../manifest.py
MICROPY_FORCE_32BIT = 1
MICROPY_PY_THREAD_GIL = 1
