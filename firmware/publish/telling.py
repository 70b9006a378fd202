"""What a destination tells of itself, for the topic gateway and the pages. Loaded for it."""


def mqtt(mqtt, messages, outbox, inbox) -> dict:
    """Connection, counters since start, last error."""
    backlog = messages.replay and messages.replay.backlog
    return {
        "connected": mqtt.connected,
        "connects": mqtt.connects,
        "failures": mqtt.failures,
        "drops": mqtt.connects - mqtt.connected,
        "accepted": mqtt.accepted,
        "again": mqtt.again,
        "unsent": messages.unsent,
        "waiting": len(backlog) if backlog else 0,
        "dropped": messages.dropped + (backlog.dropped if backlog else 0),
        "bytes": outbox.written,
        "error": mqtt.last_error or (inbox.error if inbox else "")
        or (backlog.error if backlog else ""),
    }


def upload(upload) -> dict:
    """The same of one over HTTP."""
    return {
        "working": upload.working,
        "stopped": upload.stopped,
        "accepted": upload.accepted,
        "failures": upload.failures,
        "refused": upload.refused,
        "dropped": upload.unsent + upload.backlog.dropped,
        "waiting": len(upload.backlog),
        "success": upload.success,
        "error": upload.error or upload.backlog.error,
    }
