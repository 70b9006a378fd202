"""The entities of Home Assistant: which there are, and what is announced of each.

They are in entities.txt, a line each, read line by line:

    <group><component><topic><marks> <key>|<JSON of its class>|<name in French>|<in English>

group: a digit, of the form of one device; all of a group have one topic. component: s a sensor, b
a binary sensor. topic: of its state: m meter, e energy, a alert, g gateway. marks: x its state
expires, i an index of the meter, t a text, d diagnostic, o off until the owner wants it, c there
at all times, 3 only with three phases, and at the end H S P: only in that mode. key: of the state;
a point leads into an object, #n stands for 1 to n, * for each tariff period; ?key tells that it is
there, if not the key itself. [...] in a name is left out with one phase. A fifth cell is its
template. At the end a line =key has the names of a period of historique.

A key that is missing in a message leaves a number as it was: the template gives an empty text,
which Home Assistant ignores. A text is then unknown, which is among the options of an enum.

Letters are taken out of a text as pieces of it, [:1]: what text[0] gives is a name, in memory for
good.
"""

import firmware
from firmware.rarely import load

_TOPICS = {"m": "meter", "e": "energy", "a": "alert", "g": "gateway"}
_INDEXES = {"base": "base", "hchp": "hc hp", "tempo": "hcjb hpjb hcjw hpjw hcjr hpjr"}
_HEALTH = 80  # s, four messages to the topic gateway


class Entities:
    """An entity is (id, key, cells of its line, what # or * stands for); its id is
    <group><component>/<object>, the object being the last part of its unique id.

    kept: "number" is that of the meter, from 1. `group`: the topic's letter of the last one seen.
    """

    def __init__(self, home, kept):
        self._home = home
        words = home.words.split("\n")
        self._chip, self._base, self._french = words[2], words[4], words[5] == "fr"
        self._meter = home.books.meter
        self._mode = self._meter.mode[:1].upper()  # U is unknown
        self._phases = self._meter.phases
        self._number = kept["number"]
        self._present = self._look(home)

    def walk(self, group=""):
        """Each entity, or those of a group."""
        with open(f"{firmware.__path__}/publish/entities.txt") as file:
            for line in file:
                if line[:1] == "=":
                    return
                if line.startswith(group):
                    yield from self._line(line.rstrip().split("|", 4))

    def name(self, entity) -> str:
        """What it is called, in the owner's language."""
        _, _, cells, word = entity
        name = cells[2 if self._french else 3]
        at, end = name.find("["), name.find("]")
        if at >= 0:
            name = name[:at] + ("" if self._phases == 1 else name[at + 1 : end])
        return name.replace("#", word).replace("*", word)

    def where(self, letter) -> str:
        """A topic of ours."""
        return f"{self._base}/{_TOPICS[letter]}"

    def describe(self, writer, entity, alone=True) -> None:
        """Write the members of its announcement, the topic of its state only if it is alone."""
        ident, key, cells, _ = entity
        marks = cells[0].split(" ")[0]
        writer.write(b'"name":')
        writer.text(self.name(entity).encode())
        writer.write(b',"uniq_id":"%s_%s",' % (self._chip.encode(), ident[3:].encode()))
        if alone:
            writer.write(b'"stat_t":')
            writer.text(self.where(marks[2:3]).encode())
            writer.write(b",")
        self.group = marks[2:3]
        writer.write(cells[1].encode())
        writer.write(b',"val_tpl":"')
        writer.write((cells[4] if len(cells) > 4 else _template(key, "t" in marks)).encode())
        writer.write(b'"')
        if marks[1:2] == "b":
            writer.write(b',"pl_on":"True","pl_off":"False"')
        if "x" in marks:
            seconds = _HEALTH if marks[2:3] == "g" else 4 * self._home.interval
            writer.write(b',"exp_aft":%d' % seconds)
        if "d" in marks:
            writer.write(b',"ent_cat":"diagnostic"')
        if "o" in marks:
            writer.write(b',"en":false')

    def _line(self, cells):
        """The entities of a line that are there."""
        marks, key = cells[0].split(" ")
        key, _, other = key.partition("?")
        rest = marks[3:]
        if rest[-1:] in ("H", "S", "P") and rest[-1:] != self._mode:
            return
        if "3" in rest and self._phases != 3:
            return
        if "*" in key:
            for period, name, _ in self._meter.periods():
                word = self._period(self._known(period) or name or period)
                yield self._entity(cells, key.replace("*", period), word)
        elif "#" in key:
            for n in range(1, int(key[-1:]) + 1):
                if self._has(f"{key[:-2]}{n}"):
                    yield self._entity(cells, f"{key[:-2]}{n}", str(n))
        elif "c" in rest or self._has(other or key):
            yield self._entity(cells, key, "")

    def _entity(self, cells, key, word):
        marks = cells[0].split(" ")[0]
        name = key.replace(".", "_")
        if marks[-1:] in "HSP":
            # An enum must not lose the option that it shows.
            name += f"_{self._meter.mode}"
        elif "i" in marks:
            # What is the sum of other indexes is another sum.
            if key == "withdrawn_wh" and self._mode == "H":
                name += f"_{self._meter.contract}"
            elif self._mode == "P":
                name += "_pmepmi"
            if self._number > 1:
                name += f"_{self._number}"
        return f"{marks[:2]}/{name}", key, cells, word

    def _known(self, key):
        """The key in historique of what an index counts, where the contract tells; else None.

        So its name is the same from the beginning, not only once the meter has said it.
        """
        if self._mode != "S":
            return key if self._mode == "H" else None
        keys = _INDEXES.get(self._meter.contract, "").split()
        return keys[int(key) - 1] if int(key) <= len(keys) else None

    def _period(self, key):
        """The name of a period in words, if it is one of historique, else as it is."""
        with open(f"{firmware.__path__}/publish/entities.txt") as file:
            for line in file:
                if line.startswith(f"={key.lower()}|"):
                    return line.rstrip().split("|")[1 if self._french else 2]
        return key

    def _has(self, key) -> bool:
        return self._present.find(f"\n{key}\n".encode()) >= 0

    def _look(self, home):
        """The keys that there are, a line each."""
        found, books = bytearray(b"\n"), home.books
        if self._mode != "U":
            for key, _ in load("tic.model").members(books.meter, False):
                found.extend(key + b"\n")
            for key, _ in load("figures").figures(books.ledger, books.meter, books.cost):
                found.extend(f"{key}\n".encode())
            if books.cost:
                found.extend(b"prices\n")
        for key, _ in load("causes").states(books.alerts, home.watched):
            found.extend(f"{key}\n".encode())
        for key, value in home.health().items():
            found.extend(f"{key}\n".encode())
            if isinstance(value, dict):
                for one in value:
                    found.extend(f"{key}.{one}\n".encode())
        return found


def _template(key, text):
    """What takes the value out of the message."""
    path = key.split(".")
    way = "".join([f".get('{one}',{{}})" for one in path[:-1]])
    missing = "unknown" if text else ""
    return f"{{{{value_json{way}.get('{path[-1]}','{missing}')}}}}"
