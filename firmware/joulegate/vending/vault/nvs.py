"""Places for secrets in the ESP32's non-volatile storage, two keys for each.

`esp32.NVS` writes a blob anew before it lets go of the one before, so that a power cut leaves
either, and checks each entry by CRC-32; ESP-IDF says that only `commit` makes it sure. What was
written is read back. A commit that fails counts as not written: the next start may find the new
blob all the same, and the next write has a higher sequence than either.

A board hands this in only when it is encrypted; see boards/common/protected_nvs.py. Erasing it
must not look like a meter that never had keys, so an empty file in the storage remembers each
name that was ever written.

Source: MicroPython 1.28, `esp32.NVS`; ESP-IDF 5, "Non-Volatile Storage Library".
"""

import os
from errno import EIO, ENOENT

from micropython import const

from joulegate.vending.vault import SIZE_MAX, VaultError

_NOT_FOUND = const(-0x1102)
"""ESP_ERR_NVS_NOT_FOUND, as MicroPython gives it."""

MARK = "nvs."
"""Beginning of the names of the files that remember."""


class NvsPlaces:
    where = "in encrypted NVS"

    def __init__(self, nvs: object, folder: str) -> None:
        """nvs: an esp32.NVS. folder: of the meter's storage."""
        self._nvs = nvs
        self._folder = folder
        self._buffer = bytearray(SIZE_MAX)

    def count(self, name: str) -> int:
        """Return how many copies there are to be."""
        return 2

    def label(self, name: str, copy: int) -> str:
        """Return what to call a copy in a report."""
        return "keys NVS " + _key(name, copy)

    def has(self, name: str) -> bool:
        """Return whether there is any copy, or was; OSError."""
        if MARK + name in os.listdir(self._folder):
            return True
        for copy in range(2):
            try:
                self._length(name, copy)
                return True
            except OSError as e:
                if e.errno != _NOT_FOUND:
                    raise
        return False

    def get(self, name: str, copy: int) -> bytes:
        """Return a blob; OSError, VaultError for one that was there and is no more."""
        try:
            length = self._length(name, copy)
        except OSError as e:
            if e.errno != _NOT_FOUND:
                raise
            if MARK + name in os.listdir(self._folder):
                raise VaultError("is there no more") from None
            raise OSError(ENOENT, "no keys") from None
        return bytes(self._buffer[:length])

    def put(self, name: str, copy: int, data: bytes) -> None:
        """Write a blob, all of it or nothing; OSError."""
        self._nvs.set_blob(_key(name, copy), data)
        self._nvs.commit()
        length = self._length(name, copy)
        if memoryview(self._buffer)[:length] != data:
            raise OSError(EIO, "is not what was written")
        if MARK + name not in os.listdir(self._folder):
            with open(self._folder + "/" + MARK + name, "wb"):
                pass

    def _length(self, name: str, copy: int) -> int:
        return self._nvs.get_blob(_key(name, copy), self._buffer)


def _key(name: str, copy: int) -> str:
    return "%s.%d" % (name, copy)
