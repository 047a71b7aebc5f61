"""Serial NOR flash with the geometry of a W25Q16, as littlefs sees it on an RP2040 board.

Source: Winbond W25Q16JV data sheet, instructions Page Program (256 bytes, bits only go from 1 to
0) and Sector Erase (4096 bytes to all ones). The default size is the file system of the rp2 port
on a Pico: 1408 KiB.

Power can be cut at any program or erase. A torn operation is half done: the first half of the
page programmed, of the sector erased. From then on every access fails with EIO until power is
restored: it returns -EIO, as the block protocol has it, and littlefs raises OSError(EIO) to the
firmware. (An exception thrown through littlefs would leave its C state half changed.)

With a file behind it every change is written through, so that a process killed at any instant
leaves what the chip would hold.
"""

from errno import EIO

from micropython import const

_SECTOR = const(4096)
SECTOR = _SECTOR
PAGE = 256
SECTORS_DEFAULT = 352

_INIT = 1
_DEINIT = 2
_SYNC = 3
_BLOCK_COUNT = 4
_BLOCK_SIZE = 5
_BLOCK_ERASE = 6

_ERASED = b"\xff" * SECTOR
_ERASED_VIEW = memoryview(_ERASED)
_ERASED_PAGE = b"\xff" * PAGE


class Flash:
    """A block device of the extended protocol (readblocks, writeblocks, ioctl).

    `path` names an image file, made blank when it is not there; ValueError when its size is not
    that of the chip. Sectors never written take no memory.
    """

    def __init__(self, sectors: int = SECTORS_DEFAULT, path: str | None = None) -> None:
        if not 1 <= sectors <= 4096:
            raise ValueError("flash of %r sectors: must be 1 to 4096" % (sectors,))
        self.sectors = sectors
        self.powered = True
        # littlefs reads some hundred times a commit. In a list, as assigning to an attribute is
        # slow on MicroPython where the class has properties; and of views that stand ready.
        self._reads = [0]
        self._views = [_ERASED_VIEW] * sectors
        self.programs = 0  # pages
        self.erases = 0
        self.sector_erases = [0] * sectors
        self._content = [None] * sectors  # None: erased
        self._cut_in = 0
        self._torn = False
        self._file = _open_image(path, self._content) if path else None
        if path:
            self._view_all()

    def readblocks(self, block: int, buf: bytearray, offset: int = 0) -> int:
        """Read `len(buf)` bytes from `offset` in sector `block`; may run into the next ones.

        Returns 0, or -EIO without power.
        """
        if not self.powered:
            return -EIO
        self._reads[0] += 1
        size = len(buf)
        if 0 <= block < self.sectors and 0 <= offset <= _SECTOR - size:
            buf[:] = self._views[block][offset:offset + size]
            return 0
        self._check(block, offset, size)
        done = 0
        for at, start, length in _spans(block, offset, size):
            buf[done:done + length] = self._views[at][start:start + length]
            done += length
        return 0

    def writeblocks(self, block: int, buf: bytes, offset: int | None = None) -> int:
        """Program whole pages from `offset` in sector `block`; returns 0 or -EIO.

        Without an offset the sectors are erased first, as the simple protocol asks. ValueError
        for what the chip or its driver could not do: a 0 made 1, part of a page.
        """
        if not self.powered:
            return -EIO
        erase_first = offset is None
        offset = offset or 0
        self._check(block, offset, len(buf))
        if offset % PAGE or len(buf) % PAGE:
            raise ValueError("program of %d bytes at offset %d: must be whole pages of %d"
                             % (len(buf), offset, PAGE))
        view = memoryview(buf)
        done = 0
        for at, start, length in _spans(block, offset, len(buf)):
            if erase_first and not self._erase(at):
                return -EIO
            for page in range(start, start + length, PAGE):
                if not self._program(at, page, view[done:done + PAGE]):
                    return -EIO
                done += PAGE
        return 0

    def ioctl(self, request: int, argument: int) -> int | None:
        """Answer the block device requests 1 to 6."""
        if request == _BLOCK_COUNT:
            return self.sectors
        if request == _BLOCK_SIZE:
            return SECTOR
        if request == _BLOCK_ERASE:
            self._check(argument, 0, SECTOR)
            return 0 if self._erase(argument) else -EIO
        if request in (_INIT, _DEINIT, _SYNC):
            return 0
        return None

    @property
    def blank(self) -> bool:
        """Whether nothing was ever programmed, as it leaves the factory."""
        return not any(self._content)

    @property
    def reads(self) -> int:
        """Reads that the file system has asked for."""
        return self._reads[0]

    @property
    def operations(self) -> int:
        """Programs and erases together: what a power cut can hit."""
        return self.programs + self.erases

    def cut_power_at(self, operation: int, torn: bool = False) -> None:
        """Let power fail at the N-th program or erase from now: not done, or half done."""
        if operation < 1:
            raise ValueError("power cut at operation %r: must be 1 or more" % (operation,))
        self._cut_in = operation
        self._torn = torn

    def cut_power(self) -> None:
        """Let power fail now, between operations."""
        self.powered = False
        self._cut_in = 0

    def restore_power(self) -> None:
        """Bring power back, and disarm a cut that has not come."""
        self.powered = True
        self._cut_in = 0

    def snapshot(self) -> "Flash":
        """Return a powered chip of the same content, counts at zero, without a file."""
        twin = Flash(self.sectors)
        twin._content = [None if c is None else bytearray(c) for c in self._content]
        twin._view_all()
        return twin

    def restore(self, twin: "Flash") -> None:
        """Take the content of another chip of this size, as with a programmer's clip."""
        for block, content in enumerate(twin._content):
            self._content[block] = None if content is None else bytearray(content)
            if self._file:
                self._file.seek(block * SECTOR)
                self._file.write(_ERASED if content is None else content)
        self._view_all()

    def close(self) -> None:
        """Close the image file, if there is one."""
        if self._file:
            self._file.close()
            self._file = None

    def _view_all(self) -> None:
        self._views = [
            _ERASED_VIEW if content is None else memoryview(content) for content in self._content]

    def _check(self, block: int, offset: int, size: int) -> None:
        if not (0 <= block < self.sectors and offset >= 0
                and block * SECTOR + offset + size <= self.sectors * SECTOR):
            raise ValueError("access to sector %r, offset %r, %d bytes: the flash has %d sectors"
                             % (block, offset, size, self.sectors))

    def _fails(self) -> bool:
        """Return whether power fails in the operation about to begin."""
        if self._cut_in:
            self._cut_in -= 1
            if not self._cut_in:
                self.powered = False
        return not self.powered

    def _program(self, block: int, start: int, page: memoryview) -> bool:
        """Program a page; returns whether it was done to the end."""
        content = self._content[block]
        if content is None:
            content = self._content[block] = bytearray(_ERASED)
            self._views[block] = memoryview(content)
        old = memoryview(content)[start:start + PAGE]
        if old != _ERASED_PAGE:
            held = int.from_bytes(old, "little")
            wanted = int.from_bytes(page, "little")
            if held & wanted != wanted:
                raise ValueError("program sector %d, offset %d: a bit that is 0 cannot become 1"
                                 % (block, start))
        if self._fails():
            if self._torn:
                self._store(block, start, page[:PAGE // 2])
            return False
        self.programs += 1
        self._store(block, start, page)
        return True

    def _erase(self, block: int) -> bool:
        if not self.powered:
            return False
        if self._fails():
            if self._torn:
                self._store(block, 0, memoryview(_ERASED)[:SECTOR // 2])
            return False
        self.erases += 1
        self.sector_erases[block] += 1
        self._store(block, 0, _ERASED)
        return True

    def _store(self, block: int, start: int, data: bytes) -> None:
        content = self._content[block]
        if content is not None:
            content[start:start + len(data)] = data
        if self._file:
            self._file.seek(block * SECTOR + start)
            self._file.write(data)


def _spans(block: int, offset: int, size: int) -> list:
    """Cut an access at sector bounds: (sector, start, length) each."""
    spans = []
    while size:
        block += offset // SECTOR
        offset %= SECTOR
        length = min(size, SECTOR - offset)
        spans.append((block, offset, length))
        offset += length
        size -= length
    return spans


def _open_image(path: str, content: list) -> object:
    """Open or make an image file and read it into `content`. Host files are unbuffered."""
    try:
        image = open(path, "r+b")
    except OSError:
        image = open(path, "w+b")
        for _ in content:
            image.write(_ERASED)
    size = image.seek(0, 2)
    if size != len(content) * SECTOR:
        image.close()
        raise ValueError("flash image %s has %d bytes: must have %d"
                         % (path, size, len(content) * SECTOR))
    image.seek(0)
    for block in range(len(content)):
        sector = image.read(SECTOR)
        if sector != _ERASED:
            content[block] = bytearray(sector)
    return image
