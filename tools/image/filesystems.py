"""Write the two file systems: littlefs for the storage, ROMFS for read-only modules."""

from collections.abc import Iterable

from littlefs import LittleFS, LittleFSError
from mpremote.romfs import VfsRomWriter  # type: ignore[import-untyped]

from tools.image.boards import BLOCK
from tools.image.compiler import File
from tools.image.errors import ImageError

RECORDS = "flash"
"""The folder of the meter's records, empty in an image; `board.FOLDER`."""
_LOOKAHEAD = 32
_READ_LEAST = 32


def littlefs(files: Iterable[File], size: int, program: int) -> bytes:
    """Return a littlefs of `size` bytes with `files` and an empty folder for the records.

    `program` is the size of a program operation; the geometry is that of MicroPython's
    extmod/vfs_lfsx.c, so that the meter goes on where this stopped. Files carry no time of
    change: littlefs has none of its own, and MicroPython's attribute is left away.
    """
    fs = _formatted(size, program)
    try:
        fs.mkdir(RECORDS)
        for file in files:
            folder = file.path.rpartition("/")[0]
            if folder:
                fs.makedirs(folder, exist_ok=True)
            with fs.open(file.path, "wb") as target:
                target.write(file.data)
    except LittleFSError as error:
        raise ImageError(f"littlefs: the files do not fit {size} bytes, each takes whole blocks "
                         f"of {BLOCK}: build it frozen: {error}") from error
    fs.unmount()
    return bytes(fs.context.buffer)


def blank(size: int, program: int) -> bytes:
    """Return an empty littlefs, the storage of a meter that leaves the factory."""
    fs = _formatted(size, program)
    fs.unmount()
    return bytes(fs.context.buffer)


def _formatted(size: int, program: int) -> LittleFS:
    read = max(_READ_LEAST, program)
    fs = LittleFS(
        block_size=BLOCK, block_count=size // BLOCK, read_size=read, prog_size=program,
        cache_size=min(BLOCK, 4 * read), lookahead_size=_LOOKAHEAD, mount=False)
    fs.format()
    fs.mount()
    return fs


def used(image: bytes) -> list[tuple[int, bytes]]:
    """Return the blocks of `image` that hold anything, as (offset, BLOCK bytes)."""
    empty = b"\xff" * BLOCK
    blocks = [(at, image[at:at + BLOCK]) for at in range(0, len(image), BLOCK)]
    return [(at, block) for at, block in blocks if block != empty]


def romfs(files: Iterable[File], size: int) -> bytes:
    """Return a ROMFS with `files`; ImageError when it is larger than `size` bytes."""
    writer = VfsRomWriter()
    tree: dict[str, object] = {}
    for file in files:
        *folders, name = file.path.split("/")
        here = tree
        for folder in folders:
            here = here.setdefault(folder, {})  # type: ignore[assignment]
        here[name] = file.data
    _write(writer, tree)
    image = bytes(writer.finalise())
    if len(image) > size:
        raise ImageError(f"ROMFS: {len(image)} bytes, more than the partition's {size}")
    return image


def _write(writer: VfsRomWriter, tree: dict[str, object]) -> None:
    for name, entry in sorted(tree.items()):
        if isinstance(entry, dict):
            writer.opendir(name)
            _write(writer, entry)
            writer.closedir()
        else:
            writer.mkfile(name, entry)
