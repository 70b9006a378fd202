"""The pages themselves: files of the folder web, compressed when they were built.

A name is letters, digits, "-", "_" and points, so that nothing outside of the folder has one. Each
file has an ETag, made of its content, that a browser asks with when it comes again; where there is
a version in the query, it need not ask at all.
"""

import binascii
import os

import firmware

_TYPES = (
    "html=text/html css=text/css js=text/javascript json=application/json svg=image/svg+xml"
    " webmanifest=application/manifest+json ico=image/x-icon png=image/png txt=text/plain "
)


def folder() -> str:
    """Where the pages are: in a slot (boot.py) and in a ROMFS beside the firmware."""
    home = str(firmware.__path__)[:-8]
    return f"{home}web" if f" {home} " in " a/ b/ /rom/ " else "web"


FOLDER = folder()


def get(request):
    """A file, or that it has not changed."""
    name = request.path[1:] or "index.html"
    # By its bytes: each letter of a text would be a name, which stays in memory for good.
    for c in name.encode():
        if not (0x61 <= c <= 0x7A or 0x41 <= c <= 0x5A or c in b"0123456789._-"):
            name = ""
    at = _TYPES.find(name.rpartition(".")[2] + "=")
    path = f"{FOLDER}/{name}.gz"
    try:
        size = os.stat(path)[6]
    except OSError:
        size = 0
    if name[:1] in ("", ".") or at < 0 or not size:
        request.app.abort(404, "no such page")
    with open(path, "rb") as file:
        file.seek(-8, 2)
        tag = file.read(8)  # checksum and length of the content: so gzip ends
    tag = '"' + str(binascii.hexlify(tag), "ascii") + '"'
    kind = _TYPES[at : _TYPES.find(" ", at)].partition("=")[2]
    if kind[:5] == "text/":
        kind += "; charset=utf-8"
    headers = {
        "ETag": tag,
        "Cache-Control": "max-age=31536000, immutable" if request.args.get("v") else "no-cache",
        "Content-Type": kind,
        "Vary": "Accept-Encoding",
    }
    if tag in request.headers.get("If-None-Match", ""):
        return b"", 304, headers
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(size)
    return open(path, "rb"), headers
