"""A flash with LittleFS in memory, as the board has one, whose power can be cut at any write."""

import os

import vfs

_EIO = -5


class Flash:
    """Blocks of flash. `erases`: of each block. `left`: bytes that may still be written or erased
    before the power goes (None: it stays); then it is `dead`, whoever still holds a file of it.
    """

    def __init__(self, blocks, size, data=None):
        self.size = size
        self.data = data or bytearray(b"\xff" * (blocks * size))
        self.erases = [0] * blocks
        self.left = None
        self.dead = False
        self._blank = b"\xff" * size

    def readblocks(self, block, buffer, offset=0):
        if self.dead:
            return _EIO
        at = block * self.size + offset
        buffer[:] = memoryview(self.data)[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        return self._put(block * self.size + offset, buffer)

    def ioctl(self, what, block):
        if what == 4:
            return len(self.erases)
        if what == 5:
            return self.size
        if what == 6:
            self.erases[block] += 1
            return self._put(block * self.size, self._blank)

    def _put(self, at, data):
        """Write, or the beginning of it."""
        if self.dead:
            return _EIO
        n = len(data)
        if self.left is not None:
            self.dead = n > self.left
            n = min(n, self.left)
            self.left -= n
        self.data[at : at + n] = memoryview(data)[:n]
        return _EIO if self.dead else 0

    def start(self, folder, fresh=False):
        """Mount it. -> the flash"""
        if fresh:
            vfs.VfsLfs2.mkfs(self, progsize=32, readsize=32, lookahead=32)
        vfs.mount(vfs.VfsLfs2(self, progsize=32, readsize=32, lookahead=32), folder)
        return self

    def again(self, folder):
        """The power comes back. -> the flash that takes this one's place, with its content"""
        self.dead = True
        os.chdir("/")
        vfs.umount(folder)
        return Flash(len(self.erases), self.size, self.data).start(folder)
