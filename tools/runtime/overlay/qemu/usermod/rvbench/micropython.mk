SRC_USERMOD_C += $(USERMOD_DIR)/rvbench.c
# The port's own poll of the console knows nothing of the virt machine's serial port.
LDFLAGS_USERMOD += -Wl,--wrap=mp_hal_stdio_poll
