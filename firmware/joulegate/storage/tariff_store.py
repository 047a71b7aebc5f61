"""Tariff documents on flash, each under the digest of its bytes.

The ledger names the tariff it reckons with by that digest, so a document cannot be exchanged
behind its back.
"""

import json
import os
from binascii import hexlify
from hashlib import sha256

from micropython import const

from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument

SIZE_MAX = const(16384)


class TariffStoreError(ValueError):
    """A document that cannot be stored or read back; says why."""


def digest_of(text: bytes) -> bytes:
    """Return the first 8 bytes of the SHA-256 of a document."""
    return sha256(text).digest()[:8]


class TariffStore:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def _path(self, digest: bytes) -> str:
        return "%s/%s.json" % (self.folder, hexlify(digest).decode())

    def save(self, text: bytes, counts_per_kWh: int, unit_places: int) -> Tariff:
        """Check a document, store it and return the tariff.

        TariffError or TariffStoreError for a bad one, and nothing is stored.
        """
        tariff = self.check(text, counts_per_kWh, unit_places)
        path = self._path(tariff.digest)
        with open(path + ".new", "wb") as f:
            f.write(text)
        os.rename(path + ".new", path)
        return tariff

    def load(self, digest: bytes, counts_per_kWh: int, unit_places: int) -> Tariff:
        """Read a stored document back; OSError, TariffStoreError or TariffError."""
        path = self._path(digest)
        size = os.stat(path)[6]
        if size > SIZE_MAX:
            raise TariffStoreError("tariff %s: longer than %d bytes" % (path, SIZE_MAX))
        with open(path, "rb") as f:
            # Without a size it grows piece by piece, to more than there is.
            text = f.read(size)
        if digest_of(text) != digest:
            raise TariffStoreError("tariff %s: content does not have this digest" % path)
        return self.check(text, counts_per_kWh, unit_places)

    def check(self, text: bytes, counts_per_kWh: int, unit_places: int) -> Tariff:
        """Return the tariff of a document; TariffError or TariffStoreError for a bad one."""
        if len(text) > SIZE_MAX:
            raise TariffStoreError(
                "tariff: %d bytes, at most %d" % (len(text), SIZE_MAX))
        try:
            document = json.loads(text)
        except ValueError:
            raise TariffStoreError("tariff: is no JSON") from None
        return Tariff(TariffDocument(document), counts_per_kWh, unit_places, digest_of(text))

    def keep_only(self, digests: list) -> None:
        """Remove documents that nothing names any more."""
        wanted = [hexlify(d).decode() + ".json" for d in digests]
        for name in os.listdir(self.folder):
            if name not in wanted:
                os.remove(self.folder + "/" + name)
