"""The discovery documents: what a home automation makes of each value of the state.

One small document a value rather than one for the whole device: so each fits a packet of the
session. Keys are Home Assistant's abbreviations, `o` and `dev` the origin and the device that all
of them share. Source: Home Assistant, "MQTT Discovery" (single component), and its device and
state classes of sensors.
"""

_TABLE = """
balance|Balance|monetary|total|CUR
price|Price||measurement|CUR/kWh
period|Tariff period|||
next_period|Next tariff period|||
next_price|Next price||measurement|CUR/kWh
next_change|Next price change|timestamp||
season|Season|||
tier|Tier|||
supply|Supply|power||
state|Supply state|||
reasons|Supply off because|||
lifts|Supply on in spite of it by|||
days_left|Days left|duration|measurement|d
power|Power|power|measurement|W
voltage|Voltage|voltage|measurement|V
current|Current|current|measurement|A
import_kWh|Energy from the grid|energy|total_increasing|kWh
export_kWh|Energy to the grid|energy|total_increasing|kWh
alarms|Alarms|||
output_1|Output 1|power||
output_2|Output 2|power||
output_3|Output 3|power||
output_4|Output 4|power||
"""
_ROWS = _TABLE.strip().split("\n")

NAMES = tuple([row.split("|")[0] for row in _ROWS])
"""Values of the state that are announced, in the order in which they are: the outputs, which not
every meter has, at the end."""

ALWAYS = len(NAMES) - 4
"""As many of them are those of every meter."""


def _is_switched(name: str) -> bool:
    """Return whether a value is on or off. An output is no switch: nothing here is listened to."""
    return name == "supply" or name.startswith("output_")


def config_topic(prefix: str, meter_id: str, at: int) -> bytes:
    """Return the topic of the document of one of NAMES."""
    component = "binary_sensor" if _is_switched(NAMES[at]) else "sensor"
    return ("%s/%s/joulegate_%s/%s/config" % (prefix, component, meter_id, NAMES[at])).encode()


def document(at: int, meter_id: str, currency: str, board: str, version: str) -> dict:
    """Return the document of one of NAMES, ready for JSON; below 512 bytes."""
    name, label, device_class, state_class, unit = _ROWS[at].split("|")
    device = "joulegate_" + meter_id
    topic = "joulegate/1/%s/" % meter_id
    found = {
        "name": label, "uniq_id": device + "_" + name, "stat_t": topic + "state",
        "avty_t": topic + "link", "val_tpl": "{{ value_json.%s }}" % name,
        "dev": {"ids": [device], "name": "Meter " + meter_id, "mf": "Joulegate", "mdl": board,
                "sw": version, "sn": meter_id},
        "o": {"name": "Joulegate", "sw": version},
    }
    if device_class:
        found["dev_cla"] = device_class
    if state_class:
        found["stat_cla"] = state_class
    if unit:
        found["unit_of_meas"] = unit.replace("CUR", currency)
    if _is_switched(name):
        found["pl_on"] = "on"
        found["pl_off"] = "off"
    return found
