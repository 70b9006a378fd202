"""A server did not take what it was sent: what that means, in words, and what is done.

Loaded for it, and forgotten. What it says itself is shown to the owner, without our secrets.
"""

from micropython import const

_PATIENCE = const(3600)  # s that a server may have us wait at most

_LATER = (408, 425, 429)
_REFUSED = (400, 422)


def judge(upload, answer, count) -> None:
    """Do what the answer asks for; OSError with words if there is to be a pause first."""
    status = answer.status
    words = explain(upload, answer)
    if status >= 500 or status in _LATER:
        upload.wait = min(answer.wait, _PATIENCE)
        raise OSError(words)
    upload.error = words
    if status == 413 and count > 1:
        upload.most = count // 2
        return
    upload.working = False
    upload.failures += 1
    if status in _REFUSED and b"required" not in answer.words or status == 413:
        upload.refused += count
        upload.backlog.drop()
        raise OSError(words)  # a pause, or what waits would be refused all at once
    upload.stopped = True
    upload.close()


def explain(upload, answer) -> str:
    """What the server said, in words for the owner."""
    status = answer.status
    words = upload.meaning(status)
    if not words:
        if status < 300:
            words = "what answers is not what was expected"
        elif status < 400:
            words = "the server is elsewhere: is the address right, http or https?"
        elif status == 401:
            words = "the server refuses who we are"
        elif status == 403:
            words = "the server does not allow us to write"
        elif status == 404:
            words = "the server knows no such place"
        elif status == 413:
            words = "too much at once for the server"
        elif status == 429:
            words = "the server wants less"
        elif status in _REFUSED:
            words = "the server refuses what was sent"
        elif status >= 500:
            words = "the server has a problem of its own"
        else:
            words = "the server refuses"
    said = _plain(answer.words, upload.secret)
    return f"{words} ({status}: {said})" if said else f"{words} ({status})"


def _plain(said, secret) -> str:
    """What came, as printable text on one line; a secret that was sent back is not shown."""
    if secret:
        said = said.replace(secret, b"...")
    text = ""
    for c in bytes(said):
        text += chr(c) if 0x20 <= c < 0x7F else " "
    return " ".join(text.split())
