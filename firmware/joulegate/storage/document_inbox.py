"""A document that comes in pieces, kept in a file until it is whole and wanted.

It stays over a restart, so a slow carrier can go on where it was.
"""

import os
from hashlib import sha256

from micropython import const

SIZE_MAX = const(16384)
_DIGEST_SIZE = const(8)
_HEADER_SIZE = const(12)  # digest, whole size in 4 bytes


class InboxError(ValueError):
    """A piece that does not fit, or a document that is not there; says why."""


class DocumentInbox:
    def __init__(self, path: str) -> None:
        self._path = path

    def put(self, digest: bytes, size: int, at: int, piece: bytes) -> int:
        """Add the piece that begins at `at`; return how many bytes there are then.

        digest: first 8 bytes of the document's SHA-256. A piece at 0 begins anew. InboxError
        for a piece that does not follow, or is of another document; OSError.
        """
        if not 0 < size <= SIZE_MAX:
            raise InboxError("document of %d bytes: must be 1 to %d" % (size, SIZE_MAX))
        if at + len(piece) > size:
            raise InboxError("piece of %d bytes at %d: the document has %d" % (
                len(piece), at, size))
        header = digest + size.to_bytes(4, "big")
        if at == 0:
            with open(self._path, "wb") as f:
                f.write(header + piece)
            return len(piece)
        found, received = self._received()
        if found != header:
            raise InboxError("piece at %d: is of another document than that begun" % at)
        if at != received:
            raise InboxError("piece at %d: must be at %d, or 0 to begin" % (at, received))
        with open(self._path, "ab") as f:
            f.write(piece)
        return at + len(piece)

    def document(self, digest: bytes) -> bytes:
        """Return the whole document of a digest; InboxError, OSError."""
        header, received = self._received()
        if header[:_DIGEST_SIZE] != digest:
            raise InboxError("document: has not been sent")
        size = int.from_bytes(header[_DIGEST_SIZE:], "big")
        if received != size:
            raise InboxError("document: %d of %d bytes have come" % (received, size))
        with open(self._path, "rb") as f:
            f.seek(_HEADER_SIZE)
            # As many as there are: MicroPython takes from the heap, in one piece, what it is
            # asked to read.
            document = f.read(size)
        if sha256(document).digest()[:_DIGEST_SIZE] != digest:
            raise InboxError("document: does not have its digest, send it again")
        return document

    def forget(self) -> None:
        """Remove the document; OSError."""
        try:
            os.stat(self._path)
        except OSError:
            return
        os.remove(self._path)

    def _received(self) -> tuple:
        """Return (header, bytes of the document that are there)."""
        try:
            with open(self._path, "rb") as f:
                header = f.read(_HEADER_SIZE)
        except OSError:
            return b"", 0
        return header, os.stat(self._path)[6] - _HEADER_SIZE
