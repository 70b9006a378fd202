"""The settings of this gateway and their file.

The file is one flat JSON object that holds only what differs from the defaults. It is written to
a second file, which then takes the name of the first: a power cut leaves the old settings or the
new ones. What this version cannot use (a key of a newer one, a value out of bounds) is reported,
replaced by the default, and written back as it was.
"""

import json
import os

from firmware import settings
from firmware.rarely import load

_LARGEST = 8192  # bytes; a file beyond that is not ours, and would not fit into memory


class Config:
    """The settings: defaults until load(), which tells what it met in the list `problems`.

    `kept`: what the file holds and this version cannot use.
    """

    def __init__(self, path="config.json"):
        self.problems = []
        self._path = path
        self._values = {}  # what differs from the default, in its type
        self.kept = {}
        self._changed = False

    def load(self, known=False) -> "Config":
        """Read the file; nothing in it makes this fail. Returns the settings themselves.

        known: all that it holds was allowed when the gateway started, and is what save() wrote
        since then. So no more than its types are looked at: what checks takes much memory.
        """
        self._values, self.kept, self._changed, self.problems = {}, {}, False, []
        try:
            stored = self._read()
        except OSError as error:
            if error.errno != 2:  # ENOENT is a gateway that has not been set up yet
                self.problems.append(f"{self._path} cannot be read ({error}): defaults are used")
            return self
        except ValueError as error:
            self._set_aside(error)
            return self
        check = _same if known else load("checking").check
        for key, kind, allowed, default in settings.rows():
            if key not in stored:
                continue
            value = stored.pop(key)
            try:
                self._put(key, check(key, value, kind, allowed, default), kind, default)
            except ValueError as error:
                self._keep(key, value, error)
        for key, value in stored.items():
            try:
                settings.describe(key)
            except ValueError as error:
                self._keep(key, value, error)
        return self

    def get(self, key):
        """The value in its type: int, bool or str. ValueError if there is no such setting."""
        return self._values[key] if key in self._values else settings.default(key)

    def set(self, key, value) -> None:
        """Change one setting, from a JSON value or from text; ValueError as settings.check()."""
        self.update({key: value})

    def update(self, changes) -> bool:
        """Change several settings, or none if one is wrong (ValueError).

        True if anything is different now.
        """
        check = load("checking").check
        checked = []
        for key, value in changes.items():
            kind, allowed, default = settings.describe(key)
            value = check(key, value, kind, allowed, default)
            if key in self.kept or value != self._value(key, kind, default):
                checked.append((key, value, kind, default))
        changed = checked != []
        for row in checked:
            self.kept.pop(row[0], None)
            self._put(*row)
        self._changed = self._changed or changed
        return changed

    def save(self) -> bool:
        """Write the file if something changed since it was read or written; True if it was.

        OSError if the flash refuses.
        """
        if not self._changed:
            return False
        beside = self._beside("tmp")
        with open(beside, "w") as file:
            self._write(file)
            file.flush()
        os.rename(beside, self._path)
        if hasattr(os, "sync"):
            os.sync()
        self._changed = False
        return True

    def keys(self):
        """Iterate over the keys of all settings."""
        return settings.keys()

    def items(self):
        """Iterate over (key, value) of all settings, in one go through the table."""
        return ((row[0], row[4]) for row in self.rows())

    def rows(self):
        """Iterate over (key, kind, allowed, default as text, value) of all settings."""
        for key, kind, allowed, default in settings.rows():
            yield key, kind, allowed, default, self._value(key, kind, default)

    def describe(self, key) -> tuple:
        """(kind, allowed, default as text) of a setting."""
        return settings.describe(key)

    def _value(self, key, kind, default):
        return self._values[key] if key in self._values else settings.typed(kind, default)

    def _keep(self, key, value, error):
        self.kept[key] = value
        self.problems.append(f"{error}; kept in the file, not used")

    def _put(self, key, value, kind, default):
        if value == settings.typed(kind, default):
            self._values.pop(key, None)
        else:
            self._values[key] = value

    def _read(self) -> dict:
        """The object in the file. ValueError if it is not one, or not whole."""
        if os.stat(self._path)[6] > _LARGEST:
            raise ValueError("too long")
        with open(self._path) as file:
            text = file.read().rstrip()
        if text[-1:] != "}":  # MicroPython's json takes a missing end for an end
            raise ValueError("no end")
        stored = json.loads(text)
        if not isinstance(stored, dict):
            raise ValueError("not an object")
        return stored

    def _write(self, file):
        """The object, a line a setting, without building it in memory."""
        comma = "{\n"
        for values in (self.kept, self._values):
            for key in sorted(values):
                file.write(f"{comma}{json.dumps(key)}: {json.dumps(values[key])}")
                comma = ",\n"
        file.write("{}\n" if comma == "{\n" else "\n}\n")

    def _set_aside(self, error):
        """Keep a damaged file for whoever wants to look at it."""
        bad = self._beside("bad")
        self.problems.append(f"{self._path} is damaged ({error}): now {bad}, defaults are used")
        try:
            os.rename(self._path, bad)
        except OSError as reason:
            self.problems.append(f"{self._path} cannot be renamed ({reason})")

    def _beside(self, ending) -> str:
        return f"{self._path[: self._path.rfind('.')]}.{ending}"


def _same(key, value, kind, allowed, default):
    """The value of a setting that is known to be allowed; see Config.load()."""
    if type(value) is not type(settings.typed(kind, default)):
        raise ValueError(f"{key}: changed by somebody else, restart the gateway")
    return value
