"""What a home hears of a meter, over a real mosquitto, read as Home Assistant reads it."""

import json
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.system.brokers import Mosquitto, wait_until
from tests.system.home_reader import Home, Refused, check
from tests.system.meter_process import MeterProcess

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "home.md"
METER = "01234567890"
STATE = f"joulegate/1/{METER}/state"


class HomeMeter(MeterProcess):
    """The meter of tests/home_meter.py; use it with `with`."""

    PROGRAM = "home_meter.py"
    HEAP = "512wK"

    def __init__(self, folder: Path, port: int) -> None:
        folder.mkdir()
        super().__init__(folder, port)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker") as running:
        yield running


def retained(broker: Mosquitto) -> list[tuple[str, str]]:
    """All that the broker keeps, as somebody who comes later hears it."""
    said = subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "#",
         "--retained-only", "-W", "1", "-F", "%t %p"],
        capture_output=True, text=True, timeout=10).stdout
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in said.splitlines()]


def home_of(broker: Mosquitto, prefix: str = "homeassistant") -> Home:
    """A home that has just been switched on: documents first, as it subscribes."""
    home = Home(prefix)
    for topic, payload in sorted(retained(broker), key=lambda pair: "/config" not in pair[0]):
        home.hear(topic, payload)
    return home


def values(home: Home) -> dict[str, Any]:
    """What stands there, by the last part of the unique names."""
    return {e.config["unique_id"].removeprefix(f"joulegate_{METER}_"): e.value
            for e in home.entities.values()}


def test_all_appears_by_itself(broker: Mosquitto, tmp_path: Path) -> None:
    with HomeMeter(tmp_path / "meter", broker.port) as meter:
        wait_until(lambda: meter("told")["connected"])
        told = meter("told")
        assert not told["home"]
        assert [topic for topic, _ in retained(broker)] == [f"joulegate/1/{METER}/link"]
        meter("settings", {"home": True})
        wait_until(lambda: STATE in dict(retained(broker)))
        home = home_of(broker)
        found = values(home)
        assert found["price"] == Decimal("0.12345678")
        assert (found["period"], found["season"], found["tier"]) == ("all", "year", "1")
        assert found["supply"] is False
        assert found["voltage"] == 0
        assert (found["next_change"], found["days_left"]) == (None, None)
        assert len(found) == len(home.entities) >= 15
        assert set(home.available.values()) == {True}
        assert len({e.config["device"]["identifiers"][0] for e in home.entities.values()}) == 1
        meter("credit", 250000)
        before = found["balance"]
        meter("settings", {"home_seconds": 10})
        wait_until(lambda: values(home_of(broker))["balance"] == before + Decimal("2.5"))
        assert "software_failed" not in meter("told")["events"]
    # It went without a word: the last will.
    wait_until(lambda: set(home_of(broker).available.values()) == {False})


def test_supply_is_told_at_once(broker: Mosquitto, tmp_path: Path) -> None:
    with HomeMeter(tmp_path / "meter", broker.port) as meter:
        meter("settings", {"home": True, "home_seconds": 3600})
        wait_until(lambda: STATE in dict(retained(broker)))
        assert "administrator" not in values(home_of(broker))["reasons"]
        meter("forbid", 2)
        wait_until(lambda: "administrator" in values(home_of(broker))["reasons"])
        meter("lift", 2)
        wait_until(lambda: "administrator" not in values(home_of(broker))["reasons"])


def test_switched_off_again_it_disappears(broker: Mosquitto, tmp_path: Path) -> None:
    with HomeMeter(tmp_path / "meter", broker.port) as meter:
        meter("settings", {"home": True})
        wait_until(lambda: STATE in dict(retained(broker)))
        count = len(home_of(broker).entities)
        meter("settings", {"home_prefix": "other/place"})
        wait_until(lambda: len(home_of(broker, "other/place").entities) == count)
        assert not home_of(broker).entities
        meter("settings", {"home": False})
        wait_until(lambda: STATE not in dict(retained(broker)))
        assert not home_of(broker, "other/place").entities


def test_nothing_can_be_commanded(broker: Mosquitto, tmp_path: Path) -> None:
    with HomeMeter(tmp_path / "meter", broker.port) as meter:
        meter("settings", {"home": True})
        wait_until(lambda: STATE in dict(retained(broker)))
        for topic, payload in retained(broker):
            assert not re.search(r"cmd|command", payload), (topic, payload)
        subscribed = re.findall(r"^\d+: \t(\S+) \(QoS", broker.log, re.MULTILINE)
        assert set(subscribed) - {"#"} == {f"joulegate/1/{METER}/down"}


def test_the_reader_refuses() -> None:
    right = {
        "name": "x", "unique_id": "u", "state_topic": "s", "availability_topic": "a",
        "value_template": "{{ value_json.x }}", "device": {"identifiers": ["d"]},
        "origin": {"name": "o"}}
    check("sensor", right)
    for component, wrong in (
        ("switch", {}), ("sensor", {"payload_on": "on"}), ("sensor", {"command_topic": "c"}),
        ("sensor", {"device": {"name": "d"}}), ("sensor", {"origin": {}}),
        ("sensor", {"state_topic": "a/#"}), ("sensor", {"value_template": "{{ x }"}),
        ("sensor", {"device_class": "monetary", "state_class": "measurement"}),
        ("sensor", {"device_class": "energy", "unit_of_measurement": "W"}),
        ("sensor", {"device_class": "timestamp", "unit_of_measurement": "s"}),
        ("sensor", {"device_class": "price"}), ("binary_sensor", {"device_class": "energy"}),
    ):
        with pytest.raises(Refused):
            check(component, {**right, **wrong})


def blocks() -> list[str]:
    """The YAML of the page."""
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_page(broker: Mosquitto, tmp_path: Path) -> None:
    with HomeMeter(tmp_path / "meter", broker.port) as meter:
        meter("settings", {"home": True})
        wait_until(lambda: STATE in dict(retained(broker)))
        kept = dict(retained(broker))
    page = PAGE.read_text()
    # Entity names are made of the device's and the value's name.
    entities = set()
    for topic, payload in kept.items():
        if topic.endswith("/config"):
            config = json.loads(payload)
            component = topic.split("/")[1]
            name = (config["dev"]["name"] + " " + config["name"]).lower()
            entities.add(component + "." + re.sub(r"[^a-z0-9]+", "_", name))
    named = set(re.findall(r"\b(?:sensor|binary_sensor)\.meter_\w+", page))
    assert named
    assert named <= entities, named - entities
    for block in blocks():
        assert yaml.safe_load(block)
    for topic in re.findall(r"`(joulegate/1/METER/\w+)`", page):
        assert topic.replace("METER", METER) in kept, topic
    state = json.loads(kept[STATE])
    rows = re.findall(r"^\| `(\w+)` \|", page.split("## The state", 1)[1].split("##")[0],
                      re.MULTILINE)
    assert set(rows) == set(state)
