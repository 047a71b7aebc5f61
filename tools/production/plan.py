"""The plan of a production test: a TOML or JSON file, checked whole before anything is done."""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.meterctl.errors import BadInput
from tools.production import rules

SCHEMA = 1
SIZE_MAX = 65536

_TOP: dict[str, rules.Kind] = {
    "schema": rules.Number(SCHEMA, SCHEMA),
    "name": rules.Text("1 to 64 printable characters"),
    "serial": rules.Kind(),
    "test": rules.Kind(),
}


@dataclass(frozen=True)
class Plan:
    """A plan that was found good."""

    file: str
    sha256: str
    name: str
    serial: dict[str, Any]
    tests: dict[str, dict[str, Any]]
    """The values by test, in the order in which they run."""


def read(file: Path) -> Plan:
    """Read a plan; BadInput names the file, the value and the rule."""
    try:
        data = file.read_bytes()
    except OSError as e:
        raise BadInput(f"plan {file}: {e.strerror}") from e
    if len(data) > SIZE_MAX:
        raise BadInput(f"plan {file}: {len(data)} bytes: must be at most {SIZE_MAX}")
    return check(str(file), data, _parse(file, data))


def _parse(file: Path, data: bytes) -> Any:
    kind = "JSON" if file.suffix == ".json" else "TOML"
    try:
        text = data.decode()
        return json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except (ValueError, RecursionError) as e:
        raise BadInput(f"plan {file}: is no {kind}: {e}") from e


def check(file: str, data: bytes, content: Any) -> Plan:
    """Return the plan of a file's content; BadInput."""
    at = f"plan {file}"
    if not isinstance(content, dict):
        raise rules.wrong(at, content, "a table")
    for name in content:
        if name not in _TOP:
            raise BadInput(f"{at}: {name[:40]}: must be one of {', '.join(_TOP)}")
    for name in _TOP:
        if name not in content:
            raise BadInput(f"{at}: {name}: is missing")
    for name in ("schema", "name"):
        _TOP[name].check(f"{at}: {name}", content[name])
    serial = rules.check_table(f"{at}: serial", content["serial"], rules.SERIAL)
    wanted = content["test"]
    if not isinstance(wanted, dict) or not wanted:
        raise rules.wrong(f"{at}: test", wanted, "one table a test, one at least")
    for name in wanted:
        if name not in rules.TESTS:
            raise BadInput(f"{at}: test.{name[:40]}: must be one of {', '.join(rules.TESTS)}")
    tests = {name: rules.check_table(f"{at}: test.{name}", wanted[name], words)
             for name, words in rules.TESTS.items() if name in wanted}
    if "metering" in tests and "relay" not in tests:
        raise BadInput(f"{at}: test.metering: needs test.relay, which closes the relay for it")
    return Plan(file, hashlib.sha256(data).hexdigest(), content["name"], serial, tests)
