"""Import modules of the firmware under CPython, to describe them."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from tools.bench.process import ROOT


def load(name: str) -> Any:
    """Return a module of the firmware, which must need no hardware, by its dotted name."""
    if "micropython" not in sys.modules:
        stand_in: Any = ModuleType("micropython")
        stand_in.const = lambda value: value
        sys.modules["micropython"] = stand_in
        ciphers: Any = ModuleType("cryptolib")
        ciphers.aes = None
        sys.modules["cryptolib"] = ciphers
    folder = str(ROOT / "firmware")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return import_module(name)
