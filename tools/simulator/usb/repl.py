"""A simulated board as it hangs on USB: MicroPython's prompt for mpremote, and a flash of its own.

The unix port has neither the raw REPL nor a flash. Standard input and output are the cable, the
flash is a file with LittleFS on it, mounted as the root like on the board; what is in it is
started, boot.py and then main.py. Ctrl-C, or the end of main.py, leads to the prompt.

Environment, besides that of machine.py:
    TICGATE_FLASH       the file; if it is not there, it is made:
    TICGATE_BLOCKS      of 4 KB, 1024 unless told otherwise
    TICGATE_SETTINGS    what its settings.json holds then
    TICGATE_RAW         after a soft reset from the raw REPL: boot.py alone is started
The file pretend.txt beside rtc.bin, "platform|machine|1.22.0", is what sys says instead of the
truth. A soft reset ends the process with status 68.
"""

import io
import os
import sys

import vfs

_SOFT_RESET = 68
_BLOCK, _WINDOW = 4096, 128


class Flash:
    """Blocks of flash in a file."""

    def __init__(self, path, blocks):
        self.fresh = False
        try:
            blocks = os.stat(path)[6] // _BLOCK
        except OSError:
            self.fresh = True
            with open(path, "wb") as file:
                for _ in range(blocks):
                    file.write(b"\xff" * _BLOCK)
        self._file = open(path, "r+b")
        self._blocks = blocks

    def readblocks(self, block, buffer, offset=0):
        """As MicroPython asks a block device."""
        self._file.seek(block * _BLOCK + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        """The same."""
        self._file.seek(block * _BLOCK + offset)
        self._file.write(buffer)

    def ioctl(self, what, block):
        """The same: 4 number of blocks, 5 their size, 6 erase one."""
        if what == 4:
            return self._blocks
        if what == 5:
            return _BLOCK
        if what == 3:
            self._file.flush()
        return 0


class Pretended:
    """A module with other values for some names."""

    def __init__(self, module, **names):
        self._module = module
        self._names = names

    def __getattr__(self, name):
        if name in self._names:
            return self._names[name]
        return getattr(self._module, name)


class Implementation:
    """sys.implementation of another board."""

    name = "micropython"

    def __init__(self, machine, version):
        self._machine = machine
        self._mpy = sys.implementation._mpy
        self.version = tuple(int(n) for n in version.split(".")) + ("",)


def read(n=1):
    """So many bytes of the cable; when it is pulled, so is the power."""
    data = b""
    while len(data) < n:
        more = sys.stdin.buffer.read(1)
        if not more:
            sys.exit(0)
        data += more
    return data


def write(data):
    """To the cable."""
    if isinstance(data, str):
        data = data.encode()
    sys.stdout.buffer.write(data)


def mount():
    """The flash as the root; the PC's files as /pc, and what the board has in silicon is loaded
    before they go there."""
    import ssl  # noqa: F401

    import esp32  # noqa: F401
    import machine  # noqa: F401
    import neopixel  # noqa: F401
    import network  # noqa: F401
    import umqtt.simple  # noqa: F401

    flash = Flash(os.getenv("TICGATE_FLASH"), int(os.getenv("TICGATE_BLOCKS") or 1024))
    if flash.fresh:
        vfs.VfsLfs2.mkfs(flash, progsize=32, readsize=32, lookahead=32)
    vfs.umount("/")
    vfs.mount(vfs.VfsPosix("/"), "/pc")
    vfs.mount(vfs.VfsLfs2(flash, progsize=32, readsize=32, lookahead=32), "/")
    os.chdir("/")
    if flash.fresh and os.getenv("TICGATE_SETTINGS"):
        with open("settings.json", "w") as file:
            file.write(os.getenv("TICGATE_SETTINGS"))
    sys.path[:] = ["", ".frozen", "/lib"]


def names():
    """What sys is to the code that the PC sends."""
    try:
        with open(os.getenv("TICGATE_STATE") + "/pretend.txt") as file:
            told = file.read()
    except OSError:
        told = ""
    if told:
        platform, machine, version = told.split("|")
        sys.modules["sys"] = Pretended(
            sys, platform=platform, implementation=Implementation(machine, version))
    return {"__name__": "__main__"}


def started(name):
    """Run a file of the flash, if it is there. False when it was stopped by hand."""
    try:
        with open(name) as file:
            text = file.read()
    except OSError:
        return True
    try:
        exec(compile(text, name, "exec"), {"__name__": "__main__"})
    except KeyboardInterrupt as error:
        sys.print_exception(error)
        return False
    except Exception as error:
        sys.print_exception(error)
    return True


def pasted():
    """The text that comes in raw paste mode."""
    write(b"R\x01" + bytes((_WINDOW, 0)) + b"\x01")
    text, room = bytearray(), 2 * _WINDOW
    while True:
        byte = read()
        if byte == b"\x04":
            write(b"\x04")
            return text
        text += byte
        room -= 1
        if room == _WINDOW:
            write(b"\x01")
            room += _WINDOW


def raw(known):
    """The raw REPL, until it is left."""
    write("raw REPL; CTRL-B to exit\r\n>")
    text = bytearray()
    while True:
        byte = read()
        if byte == b"\x01":
            write("raw REPL; CTRL-B to exit\r\n>")
            text = bytearray()
        elif byte == b"\x02":
            write("\r\n")
            return
        elif byte == b"\x03":
            text = bytearray()
        elif byte == b"\x05" and not text:
            if read(2) == b"A\x01":
                execute(pasted(), known)
        elif byte == b"\x04":
            if not text:
                write("OK\r\nMPY: soft reboot\r\n")
                sys.exit(_SOFT_RESET)
            write("OK")
            execute(text, known)
            text = bytearray()
        else:
            text += byte


def execute(text, known):
    """Its output, 4, the traceback, 4, and the prompt."""
    wrong = io.BytesIO()
    try:
        exec(compile(bytes(text).decode(), "<stdin>", "exec"), known)
    except (Exception, KeyboardInterrupt) as error:
        sys.print_exception(error, wrong)
    write(b"\x04" + wrong.getvalue() + b"\x04>")


def main():
    """Start what is in the flash, then listen."""
    mount()
    known = names()
    again = os.getenv("TICGATE_RAW")
    if started("boot.py") and not again:
        started("main.py")
    if again:
        raw(known)
    while True:
        write("MicroPython, simulated board\r\n>>> ")
        while read() != b"\x01":
            pass
        raw(known)


if __name__ == "__main__":
    main()
