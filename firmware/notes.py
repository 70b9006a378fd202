"""What a part wants to know again after a restart: one small object in a file of its own.

The file is written beside the old one and renamed: a power cut leaves the old notes or the new
ones, and damaged ones are none. Loaded when it is needed (rarely.py).
"""

import json
import os


def read(path) -> dict:
    """What was written; empty if there is nothing, or nothing that can be used."""
    try:
        with open(path) as file:
            text = file.read()
        notes = json.loads(text) if text[-1:] == "\n" else {}  # its end is there
    except (OSError, ValueError):
        notes = {}
    return notes if isinstance(notes, dict) else {}


def write(path, notes):
    """Keep them. None, or the OSError of a flash that refuses."""
    beside = path + ".tmp"
    try:
        with open(beside, "w") as file:
            json.dump(notes, file)
            file.write("\n")
        os.rename(beside, path)
    except OSError as error:
        return error
