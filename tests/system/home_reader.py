"""A reader of discovery documents and states, as Home Assistant is: what it would refuse, fails.

Written from Home Assistant's documentation: "MQTT Discovery" (topic, abbreviations), "MQTT
sensor", "MQTT binary sensor", and of the sensor entity which device class takes which state
class and unit.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

TOPIC = re.compile(r"([a-z_]+)/([A-Za-z0-9_-]+)/([A-Za-z0-9_-]+)/config")
LONG = {
    "uniq_id": "unique_id", "stat_t": "state_topic", "avty_t": "availability_topic",
    "val_tpl": "value_template", "dev": "device", "o": "origin", "dev_cla": "device_class",
    "stat_cla": "state_class", "unit_of_meas": "unit_of_measurement", "pl_on": "payload_on",
    "pl_off": "payload_off",
}
LONG_DEVICE = {"ids": "identifiers", "mf": "manufacturer", "mdl": "model", "sw": "sw_version",
               "sn": "serial_number"}
COMMON = {"name", "unique_id", "state_topic", "availability_topic", "value_template", "device",
          "origin", "device_class"}
KEYS = {
    "sensor": COMMON | {"state_class", "unit_of_measurement"},
    "binary_sensor": COMMON | {"payload_on", "payload_off"},
}
DEVICE_KEYS = {"identifiers", "name", "manufacturer", "model", "sw_version", "serial_number"}
# What a sensor's device class takes: state classes, units.
CLASSES: dict[str | None, tuple[set[str | None], str]] = {
    "monetary": ({None, "total"}, r"[A-Z]{3}"),
    "energy": ({None, "total", "total_increasing"}, r"[kMG]?Wh"),
    "power": ({None, "measurement"}, r"[kM]?W"),
    "voltage": ({None, "measurement"}, r"[mk]?V"),
    "current": ({None, "measurement"}, r"m?A"),
    "duration": ({None, "measurement", "total", "total_increasing"}, r"d|h|min|s|ms"),
    "timestamp": ({None}, ""),
    None: ({None, "measurement", "total", "total_increasing"}, r".*"),
}
BINARY_CLASSES = {"power", "problem", None}
TEMPLATE = re.compile(r"\{\{ value_json\.([A-Za-z_][A-Za-z0-9_]*) \}\}")


class Refused(AssertionError):
    """A document that Home Assistant would not take."""


@dataclass
class Entity:
    """One value of a device, as a home sees it."""

    component: str
    config: dict[str, Any]
    value: Any = None

    @property
    def numeric(self) -> bool:
        """Whether what it shows must be a number."""
        return bool({"state_class", "unit_of_measurement"} & self.config.keys())


@dataclass
class Home:
    """What stands in a home by what has been published."""

    prefix: str = "homeassistant"
    entities: dict[str, Entity] = field(default_factory=dict)
    available: dict[str, bool] = field(default_factory=dict)

    def hear(self, topic: str, payload: str) -> None:
        """Take a publication; Refused."""
        if topic.startswith(self.prefix + "/"):
            self._document(topic, topic[len(self.prefix) + 1:], payload)
            return
        for entity in self.entities.values():
            if topic == entity.config["availability_topic"]:
                self.available[entity.config["unique_id"]] = {
                    "online": True, "offline": False}[payload]
            if topic == entity.config["state_topic"]:
                entity.value = shown(entity, payload)

    def _document(self, topic: str, rest: str, payload: str) -> None:
        match = TOPIC.fullmatch(rest)
        if match is None:
            raise Refused(f"{topic}: no topic of discovery")
        if not payload:
            self.entities.pop(topic, None)
            return
        config = {LONG.get(key, key): value for key, value in json.loads(payload).items()}
        config["device"] = {
            LONG_DEVICE.get(key, key): value for key, value in config["device"].items()}
        config["origin"] = {
            {"sw": "sw_version"}.get(key, key): value for key, value in config["origin"].items()}
        check(match[1], config)
        for other, entity in self.entities.items():
            if other != topic and entity.config["unique_id"] == config["unique_id"]:
                raise Refused(f"{topic}: unique_id of {other}")
        self.entities[topic] = Entity(match[1], config)


def check(component: str, config: dict[str, Any]) -> None:
    """Refused unless a document may stand."""
    name = config.get("unique_id")
    if component not in KEYS or config.keys() - KEYS[component]:
        raise Refused(f"{name}: {component} with {sorted(config)}")
    if config.keys() < {"unique_id", "state_topic", "device", "origin"}:
        raise Refused(f"{name}: not enough: {sorted(config)}")
    device = config["device"]
    if device.keys() - DEVICE_KEYS or not device.get("identifiers"):
        raise Refused(f"{name}: device {device}")
    if "name" not in config["origin"] or config["origin"].keys() - {"name", "sw_version"}:
        raise Refused(f"{name}: origin {config['origin']}")
    for key in ("state_topic", "availability_topic"):
        if set(config[key]) & set("+#\0"):
            raise Refused(f"{name}: {key} {config[key]}")
    if not TEMPLATE.fullmatch(config["value_template"]):
        raise Refused(f"{name}: template {config['value_template']}")
    check_class(component, config)


def check_class(component: str, config: dict[str, Any]) -> None:
    """Refused unless device class, state class and unit go together."""
    name = config.get("unique_id")
    device_class = config.get("device_class")
    if component == "binary_sensor":
        if device_class not in BINARY_CLASSES:
            raise Refused(f"{name}: device class {device_class}")
        return
    if device_class not in CLASSES:
        raise Refused(f"{name}: device class {device_class}")
    state_classes, unit = CLASSES[device_class]
    if config.get("state_class") not in state_classes:
        raise Refused(f"{name}: {device_class} with state class {config.get('state_class')}")
    if not re.fullmatch(unit, config.get("unit_of_measurement", "")):
        raise Refused(f"{name}: {device_class} in {config.get('unit_of_measurement')}")


def shown(entity: Entity, payload: str) -> Any:
    """What an entity shows for a state; None for unknown."""
    match = TEMPLATE.fullmatch(entity.config["value_template"])
    assert match is not None
    state = json.loads(payload)
    if match[1] not in state:
        raise Refused(f"{entity.config['unique_id']}: nothing in {payload}")
    value = state[match[1]]
    if value is None:
        return None
    if entity.component == "binary_sensor":
        return {entity.config["payload_on"]: True, entity.config["payload_off"]: False}[value]
    if entity.config.get("device_class") == "timestamp":
        time = datetime.fromisoformat(value)
        if time.tzinfo is None:
            raise Refused(f"{entity.config['unique_id']}: {value} without a zone")
        return time
    return Decimal(str(value)) if entity.numeric else str(value)
