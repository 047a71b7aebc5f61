"""The firmware's own rules, imported under CPython: a document is checked here as it is there.

The modules used are pure; all they need of MicroPython is `const`, the identity function.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from tools.bench.process import ROOT


def module(name: str) -> Any:
    """Return a module of the firmware, such as "core.tariff"."""
    if "micropython" not in sys.modules:
        stand_in = ModuleType("micropython")
        for function in ("const", "native", "viper"):
            setattr(stand_in, function, lambda value: value)
        sys.modules["micropython"] = stand_in
    folder = str(ROOT / "firmware")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module("joulegate." + name)


def version() -> str:
    """Return the version of this project's firmware, which is that of its tools."""
    module("core")
    return str(sys.modules["joulegate"].__version__)


def bench_unit_places(currency: str) -> int:
    """Return the decimals of the credit unit that suit a currency, as the bench takes them."""
    module("core.amounts")
    money = importlib.import_module("tools.bench.meter.money")
    return int(money.unit_places(currency))
