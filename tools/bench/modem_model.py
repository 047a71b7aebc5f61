"""A modem's model, `python -m tools.modem`, in a process of its own beside a bench meter."""

import json
import select
import subprocess
import sys
import tempfile
from typing import Any

from tools.bench.process import ROOT, BenchError, run_json
from tools.modem.families import FAMILIES

_START_S = 20
_STOP_S = 10


def part_with_driver(family: str) -> str | None:
    """Return the first part of a model's family that the firmware has a driver for, by the name
    it gives itself; None if there is none."""
    parts = FAMILIES[family].parts
    known = run_json("known_modems.py", *(part.name for part in parts.values()), timeout=60)
    return next((name for name, has in zip(parts, known, strict=True) if has), None)


def families_with_driver() -> dict[str, str]:
    """Return {family of models: its first part that the firmware has a driver for}."""
    found = {family: part_with_driver(family) for family in FAMILIES}
    return {family: part for family, part in found.items() if part is not None}


class ModemModel:
    """Use it with `with`; `pty` is the path of its line. It ends with its standard input."""

    def __init__(self, family: str, part: str, *options: str) -> None:
        """family, part, options: of `python -m tools.modem`. BenchError if it does not start."""
        # Not with `with`: it stays open as long as the model runs.
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.modem", "--family", family, "--part", part,
             "--until-eof", *options],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            text=True)
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _START_S)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self.close()
            self._errors.seek(0)
            raise BenchError(f"modem {family}: {self._errors.read().strip() or 'silent'}")
        said: dict[str, Any] = json.loads(line)
        self.pty: str = said["pty"]

    def __enter__(self) -> "ModemModel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._errors.close()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
