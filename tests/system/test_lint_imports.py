"""The import rule of the design: each violation planted here is caught, and nothing else is."""

from pathlib import Path

import pytest

from tools.lint import imports

ROOT = Path(__file__).parents[2]
CORE = "firmware/joulegate/core/civil.py"

VIOLATIONS = [
    (CORE, "import machine", "not machine"),
    (CORE, "import time", "not time"),
    (CORE, "import json", "not json"),
    (CORE, "from asyncio import sleep", "not asyncio"),
    (CORE, "def f():\n    import os", "not os"),
    (CORE, "__import__('socket')", "not socket"),
    (CORE, "from joulegate.drivers import ht1621", "not drivers"),
    (CORE, "from joulegate import app", "not app"),
    (CORE, "from ..storage import ledger", "not storage"),
    (CORE, "import joulegate.metering", "not top"),
    ("firmware/joulegate/drivers/ht1621.py", "import joulegate.storage.ledger", "not storage"),
    ("firmware/joulegate/storage/ledger.py", "from joulegate.vending import gate", "not vending"),
    ("firmware/joulegate/vending/gate.py", "from joulegate.link import mqtt", "not link"),
    ("firmware/joulegate/panel/page.py", "from joulegate.console import shell", "not console"),
    ("firmware/joulegate/metering.py", "from joulegate.drivers import ht1621", "not drivers"),
    ("firmware/joulegate/metering.py", "from joulegate import clock", "not top"),
    ("firmware/joulegate/app.py", "import board", "only main.py and boot.py"),
    ("firmware/joulegate/app.py", "from tools.tariff import urdb", "never imports tools"),
    ("firmware/main.py", "from BENCH import pins", "never imports BENCH"),
    ("firmware/joulegate/health/watch.py", "import world", "never imports world"),
    ("boards/BENCH/board.py", "from joulegate.storage import ledger", "boards may import"),
    ("boards/BENCH/shim/machine.py", "from joulegate.app import App", "boards may import"),
    ("tools/bench/world/flash.py", "from joulegate.core import civil", "a model never imports"),
    (CORE, "def broken(:", "does not parse"),
]


def plant(root: Path, files: dict[str, str]) -> list[str]:
    """Write `files` under `root` and give the problems as lines."""
    for name, text in {"boards/BENCH/pins.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return [str(problem) for problem in imports.check(root)]


@pytest.mark.parametrize(("name", "text", "rule"), VIOLATIONS)
def test_violation_is_caught(tmp_path: Path, name: str, text: str, rule: str) -> None:
    problems = plant(tmp_path, {name: text})
    assert len(problems) == 1
    assert problems[0].startswith(f"{name}:{2 if text.startswith('def f') else 1}: ")
    assert rule in problems[0]


def test_what_the_design_allows_passes(tmp_path: Path) -> None:
    assert plant(tmp_path, {
        "firmware/main.py": "import board\nfrom joulegate import app",
        "firmware/boot.py": "import board\nimport machine",
        "firmware/joulegate/app.py": (
            "import asyncio\nfrom joulegate.link import mqtt\nfrom joulegate import metering"
        ),
        "firmware/joulegate/metering.py": "from joulegate.core import civil",
        "firmware/joulegate/core/civil.py": (
            "from array import array\nimport struct, binascii\nfrom micropython import const"
        ),
        "firmware/joulegate/core/tariff.py": "from . import civil\nfrom .civil import date_of",
        "firmware/joulegate/link/mqtt.py": (
            "import socket\nfrom joulegate.storage import outbox\nfrom joulegate.core import civil"
        ),
        "boards/BENCH/board.py": "from joulegate.drivers import ht1621\nfrom world import wiring",
        "tools/bench/world/flash.py": "import vfs\nfrom world import wiring",
        "tools/bench/meter/bed.py": "from joulegate.app import App",
    }) == []


def test_circle_is_caught(tmp_path: Path) -> None:
    problems = plant(tmp_path, {
        "firmware/joulegate/core/a.py": "from joulegate.core.b import x",
        "firmware/joulegate/core/b.py": "from . import c",
        "firmware/joulegate/core/c.py": "def late():\n    import joulegate.core.a",
    })
    assert problems == [
        "firmware/joulegate/core/a.py:1: imports go in a circle: "
        "joulegate.core.a -> joulegate.core.b -> joulegate.core.c -> joulegate.core.a"
    ]


def test_this_repository_obeys() -> None:
    assert imports.check(ROOT) == []
