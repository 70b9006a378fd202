"""The simulated board's `esp32`: what a gateway asks about memory and waking."""

HEAP_EXEC, HEAP_DATA = 1, 4
WAKEUP_ALL_LOW, WAKEUP_ANY_HIGH = False, True


def idf_heap_info(capabilities) -> list:
    """[(total, free, largest free block, lowest free ever)]: numbers of a quiet ESP32-C6."""
    if capabilities != HEAP_DATA:
        return []
    return [(297340, 141128, 114688, 118204), (15828, 14076, 13824, 13996)]


def mcu_temperature() -> int:
    """Degrees Celsius of the chip."""
    return 38


def wake_on_ext1(pins=None, level=WAKEUP_ANY_HIGH) -> None:
    """Accepted; a simulated board wakes by time only."""


def wake_on_gpio(pins=None, level=WAKEUP_ANY_HIGH) -> None:
    """Accepted; a simulated board wakes by time only."""
