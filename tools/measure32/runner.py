"""Hands a list of measurements to measure32.mjs under the pinned Node.js."""

import json
import subprocess
from pathlib import Path
from typing import NotRequired, TypedDict

from tools.setup.npm import NODE

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("measure32.mjs")
PORT = ROOT / "build/measure32/node_modules/@micropython/micropython-webassembly-pyscript"
TIMEOUT_S = 300
CALLS_MAX = 100_000


class Call(TypedDict):
    """One statement to measure: `setup` runs once, `stmt` once to warm up, then `n` times."""

    name: str
    stmt: str
    setup: NotRequired[str]
    n: NotRequired[int]


class Spec(TypedDict, total=False):
    """What to measure: modules, imported in this order, and statements.

    `stand_ins` names modules that the code imports and the port may lack, such as `machine`:
    they are imported first, and where there is none, an object that takes every call.
    """

    imports: list[str]
    stand_ins: list[str]
    calls: list[Call]


class MeasureError(Exception):
    """A measurement that cannot be made: a bad list, no port, an error in the code measured."""


def _check(spec: Spec) -> None:
    unknown = set(spec) - {"imports", "stand_ins", "calls"}
    if unknown:
        raise MeasureError(
            f"measurements: {sorted(unknown)} is neither imports nor stand_ins nor calls")
    names = [call["name"] for call in spec.get("calls", [])]
    for name in names:
        if names.count(name) > 1:
            raise MeasureError(f"call {name!r}: the name stands twice")
    for call in spec.get("calls", []):
        if not 1 <= call.get("n", 1) <= CALLS_MAX:
            raise MeasureError(f"call {call['name']!r}: n is {call['n']}, not 1 to {CALLS_MAX}")


def measure(spec: Spec, roots: list[Path]) -> dict[str, dict[str, float]]:
    """Measure `spec` with the folders `roots` on sys.path, the first first.

    Returns {"imports": {module: live bytes after garbage collection}, "calls": {name: bytes
    allocated a call, garbage included}}. An import is charged what it brings in first, so the
    order counts. `n` of a call is 100 unless given. Raises MeasureError.
    """
    _check(spec)
    if not PORT.is_dir():
        raise MeasureError("the WebAssembly port is not there: run `make setup`")
    calls = [{"setup": "", "n": 100, **call} for call in spec.get("calls", [])]
    task = {
        "port": str(PORT / "micropython.mjs"),
        "roots": [str(root.resolve()) for root in roots],
        "imports": spec.get("imports", []),
        "stand_ins": spec.get("stand_ins", []),
        "calls": calls,
    }
    try:
        done = subprocess.run(
            [str(NODE), str(SCRIPT)],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as late:
        raise MeasureError(f"no result within {TIMEOUT_S} s") from late
    if done.returncode:
        raise MeasureError(done.stderr.strip() or f"node ended with {done.returncode}")
    result: dict[str, dict[str, float]] = json.loads(done.stdout)
    return result
