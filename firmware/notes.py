"""What a part wants to know again after a restart: one small object in a file of its own.

Memory of tic/learnt.py. The file is written beside the old one and renamed: a power cut leaves the
old notes or the new ones, and damaged ones are none.
"""

import json
import os


class Notes:
    """path: of the file. `error`: what the flash said last, None if it took all."""

    def __init__(self, path):
        self._path = path
        self.error = None

    def load(self) -> dict:
        """What was saved; empty if there is nothing, or nothing that can be used."""
        try:
            with open(self._path) as file:
                text = file.read()
            notes = json.loads(text) if text[-1:] == "\n" else {}  # its end is there
        except (OSError, ValueError):
            notes = {}
        return notes if isinstance(notes, dict) else {}

    def save(self, notes) -> None:
        """Write them; a flash that refuses is told in `error`."""
        beside = self._path + ".tmp"
        try:
            with open(beside, "w") as file:
                json.dump(notes, file)
                file.write("\n")
            os.rename(beside, self._path)
            self.error = None
        except OSError as error:
            self.error = error
