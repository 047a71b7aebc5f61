"""The keys of meters, in a JSON file that nobody but its owner may read.

{"meters": {"01234567890": [{"role": "vending", "kid": "56310001", "key": "32 hex digits"}]}}

A key may have "asked", "KID/NUMBER" of the message that asks the meter to take or remove it.
"""

import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.vend.errors import VendError

ROLES = ("vending", "administrator", "technician", "meter", "head_end")
KEY_SIZE = 16
KID_MAX = 8
_KID_SIZE = 4


@dataclass(frozen=True)
class Key:
    """One key of one meter."""

    meter: str
    role: str
    kid: bytes
    secret: bytes = field(repr=False)
    asked: str = ""


def make(meter: str, role: str) -> Key:
    """A new key at random, with an id at random."""
    return Key(meter, role, secrets.token_bytes(_KID_SIZE), secrets.token_bytes(KEY_SIZE))


def load(path: Path, meter: str) -> list[Key]:
    """Read the keys of `meter`; VendError for a file that others may read, or a bad one."""
    return of_meter(path, read(path), meter)


def of_meter(path: Path, document: Any, meter: str) -> list[Key]:
    """The keys of `meter` in a file that was read; VendError."""
    try:
        entries = document["meters"][meter]
    except (KeyError, TypeError):
        raise VendError(f"{path}: has no keys of meter {meter}") from None
    if not isinstance(entries, list):
        raise VendError(f"{path}: meter {meter}: must be a list of keys")
    return [_key(path, meter, entry) for entry in entries]


def store(path: Path, meter: str, keys: list[Key]) -> None:
    """Put the keys of `meter` into the file, made with mode 0600 if there is none; VendError."""
    document: Any = read(path) if path.exists() else {"meters": {}}
    try:
        document["meters"][meter] = [
            {"role": key.role, "kid": key.kid.hex(), "key": key.secret.hex()}
            | ({"asked": key.asked} if key.asked else {}) for key in keys]
    except (KeyError, TypeError):
        raise VendError(f"{path}: must be an object with `meters`") from None
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        raise VendError(f"{path}: {error}") from None


def read(path: Path) -> Any:
    """The content of a key file; VendError for one that others may read, or that is no JSON."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode != 0o600:
            raise VendError(f"{path}: its mode is {mode:04o}, must be 0600: chmod 600 it")
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise VendError(f"{path}: {error}") from None


def _key(path: Path, meter: str, entry: Any) -> Key:
    try:
        key = Key(meter, entry["role"], bytes.fromhex(entry["kid"]), bytes.fromhex(entry["key"]),
                  entry.get("asked", ""))
    except (AttributeError, KeyError, TypeError, ValueError):
        raise VendError(
            f"{path}: meter {meter}: a key must have a role, and kid and key in hex") from None
    if key.role not in ROLES:
        raise VendError(f"{path}: role {key.role!r}: must be one of {', '.join(ROLES)}")
    if not 1 <= len(key.kid) <= KID_MAX:
        raise VendError(f"{path}: kid {key.kid.hex()}: must be 1 to {KID_MAX} bytes")
    if len(key.secret) != KEY_SIZE:
        raise VendError(f"{path}: kid {key.kid.hex()}: its key must be {KEY_SIZE} bytes")
    return key


def choose(keys: list[Key], role: str, kid: bytes | None = None) -> Key:
    """The one key of `role`, or of that id among several; VendError."""
    found = [key for key in keys if key.role == role and kid in (None, key.kid)]
    if len(found) != 1:
        ids = ", ".join(key.kid.hex() for key in found) or "none"
        raise VendError(f"keys of role {role}: {ids}: name one by --kid")
    return found[0]
