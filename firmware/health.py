"""What the gateway knows of itself, for its topic and the pages. Loaded when somebody asks."""

import gc

import firmware
from firmware.rarely import load


def facts(gateway):
    """(key, value) of each thing."""
    yield "version", firmware.__version__
    yield "board", gateway.profile
    yield "uptime", gateway.supervisor.uptime
    yield "reset", gateway.reset
    yield "tic", gateway.source.status()
    gc.collect()
    # Not gc.mem_free(): on the ESP32 it counts memory the heap has not got.
    memory = {"heap_used": gc.mem_alloc()}
    try:
        import esp32

        regions = esp32.idf_heap_info(esp32.HEAP_DATA)
        memory["system_free"] = sum(region[1] for region in regions)
        memory["system_block"] = max(region[2] for region in regions)  # the largest
    except (ImportError, AttributeError):
        pass
    yield "memory", memory
    yield "tasks", gateway.supervisor.status()
    if gateway.clock and gateway.clock.source:
        yield "clock", gateway.clock.source
    if gateway.books:
        yield "history", gateway.books.report()
    for name, upload in gateway.uploads:
        yield name, upload.status()
    if gateway.link:
        yield "network", gateway.link.status()
    for name, status in gateway.servers:
        yield name, status()
    if gateway.safe:
        yield "safe", True
    if gateway.newer:
        yield "update_available", gateway.newer
    yield from load("slots").facts()
