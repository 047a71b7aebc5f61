"""Which vault a meter gets, and how keys that lie in plain files come into a better one.

A key is moved once: written, read back, compared, and only then are its files removed. A power
cut in between leaves it in both, and the next start goes on. With a secure element only what the
element has never sealed is taken from a plain file, so nobody who can write the flash puts his
own keys in that way; a plain file that differs from what is sealed stays, and counts for nothing.

Protected storage that was there and is not any more is an error, never a meter without keys.
"""

import os
from errno import EIO, ENOENT

from joulegate.vending.vault import NAMES, VaultError
from joulegate.vending.vault.copies import CopiesVault
from joulegate.vending.vault.files import PLAIN, SEALED, FilePlaces

_SEALED = "sealed"
_NVS = "nvs."
# What stands in the storage when keys lie in protected storage, by how its name begins.
_TRACES = ((_SEALED, "sealed by a secure element"), (_NVS, "in NVS"))


class LostVault:
    """In place of protected storage that does not answer, though keys lie in it."""

    where = "lost"

    def __init__(self, problem: str) -> None:
        self.problem = problem

    def has(self, name: str) -> bool:
        """Return that there are keys."""
        return True

    def read(self, name: str) -> bytes:
        """Raise VaultError."""
        raise VaultError(self.problem)

    def write(self, name: str, data: bytes) -> None:
        """Raise OSError."""
        raise OSError(EIO, self.problem)


def choose(folder: str, storage: object, problem: str) -> object:
    """Return the vault of a meter; OSError when its storage cannot be read.

    folder: of its storage. storage: the board's protected storage for keys, a secure element or
    an esp32.NVS, or None. problem: why there is none though the board has one, else "".
    """
    kind = ""
    if storage is not None:
        kind = _NVS if hasattr(storage, "get_blob") else _SEALED
    for name in os.listdir(folder):
        for trace, where in _TRACES:
            if name.startswith(trace) and trace != kind:
                return LostVault("keys: they are %s, which %s" % (
                    where, problem or "this board does not have"))
    if not kind:
        return CopiesVault(FilePlaces(folder, PLAIN))
    if kind == _NVS:
        from joulegate.vending.vault.nvs import NvsPlaces
        vault: object = CopiesVault(NvsPlaces(storage, folder))
    else:
        from joulegate.vending.vault.sealed import SealedVault
        vault = SealedVault(storage, FilePlaces(folder, SEALED), os.urandom)
    for name in NAMES:
        _move(name, FilePlaces(folder, PLAIN), vault)
    return vault


def _move(name: str, plain: FilePlaces, vault: object) -> None:
    """Bring a secret from plain files into a vault, if it is there and good; OSError."""
    if not plain.has(name):
        return
    try:
        data = CopiesVault(plain).read(name)
        there = vault.read(name)
    except VaultError:
        return  # whoever reads it from the vault is told
    except OSError as e:
        if e.errno != ENOENT:
            raise
        there = None
    if there is None:
        vault.write(name, data)
        there = vault.read(name)
    if there == data:
        for copy in range(plain.count(name)):
            plain.remove(name, copy)


def in_plain_files(folder: str, name: str) -> bool:
    """Return whether a secret stands in plain files, good or bad; OSError."""
    return FilePlaces(folder, PLAIN).has(name)
