"""A supply group's vending key with what decoder keys are made from, in a file of mode 0600.

    {"vending_key": "40 hexadecimal digits", "sgc": "123457", "base": 2014, "ti": "01",
     "kt": 2, "krn": 1, "ken": 255}

All but the key and `sgc` may be absent and are as above then.
"""

import json
import stat
from pathlib import Path

from tools.vend.sts import Group, StsError

_TYPES = {"vending_key": str, "sgc": str, "ti": str, "base": int, "kt": int, "krn": int,
          "ken": int}
_NEEDED = ("vending_key", "sgc")
_VENDING_KEY_SIZE = 20


def read_group(path: Path) -> Group:
    """Read a group's file; StsError for one that others may read or that is not as above."""
    mode = path.stat().st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise StsError(f"{path}: mode {stat.S_IMODE(mode):04o}, must be 0600: it holds a key")
    try:
        content = json.loads(path.read_text())
    except ValueError as e:
        raise StsError(f"{path}: is no JSON") from e
    if not isinstance(content, dict) or any(name not in content for name in _NEEDED):
        raise StsError(f"{path}: must be an object with {' and '.join(_NEEDED)}")
    for name, value in content.items():
        if name not in _TYPES:
            raise StsError(f"{path}: {name}: must be one of {', '.join(_TYPES)}")
        if type(value) is not _TYPES[name]:
            raise StsError(f"{path}: {name}: must be {_TYPES[name].__name__}")
    try:
        key = bytes.fromhex(content.pop("vending_key"))
    except ValueError:
        key = b""
    if len(key) != _VENDING_KEY_SIZE:
        raise StsError(f"{path}: vending_key: must be {2 * _VENDING_KEY_SIZE} hexadecimal digits")
    return Group(key, **content)
