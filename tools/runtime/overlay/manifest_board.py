# For measuring the heap: what a board has in its image or in silicon is frozen, so that neither
# its code nor its names are charged to the firmware.
include("manifest.py")  # noqa: F821
package("umqtt", base_path="../../../lib")  # noqa: F821
for _name in ("esp32", "machine", "neopixel", "network", "sim_uart", "ssl"):
    module(f"{_name}.py", base_path="../../simulator/board")  # noqa: F821
