"""A flash in a host file: takes no heap, for measuring the firmware's own."""

SECTOR = 4096
SECTORS = 64


class FileFlash:
    def __init__(self, path: str) -> None:
        self._file = open(path, "w+b")
        self._file.write(b"\xff" * SECTOR)
        self._file.seek(SECTOR * SECTORS - 1)
        self._file.write(b"\xff")

    def readblocks(self, block: int, buf: bytearray, offset: int = 0) -> None:
        self._file.seek(block * SECTOR + offset)
        self._file.readinto(buf)

    def writeblocks(self, block: int, buf: bytearray, offset: int = 0) -> None:
        self._file.seek(block * SECTOR + offset)
        self._file.write(buf)

    def ioctl(self, request: int, argument: int) -> object:
        if request == 4:
            return SECTORS
        if request == 5:
            return SECTOR
        return 0
