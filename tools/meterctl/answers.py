"""What the meter answers to each request: fields and their types, checked before use.

An answer may have more fields than these, never fewer; one that may be null may also be absent.
Amounts and quantities are decimal texts, so that no digit is lost on the way.
"""

from collections.abc import Callable
from typing import Any

from tools.meterctl.errors import clean

TEXT = (str,)
NUMBER = (int,)
FLAG = (bool,)
LIST = (list,)
OBJECT = (dict,)
MAYBE_TEXT = (str, type(None))
MAYBE_FLAG = (bool, type(None))
MAYBE_NUMBER = (int, type(None))
MAYBE_OBJECT = (dict, type(None))
MAYBE_LIST = (list, type(None))
SETTING = (int, str, list)

Fields = dict[str, tuple[type, ...]]


def _of(types: tuple[type, ...], names: str) -> Fields:
    return dict.fromkeys(names.split(), types)


SHAPES: dict[str, Fields] = {
    "identity": _of(TEXT, "firmware profile board meter_id micropython platform unique_id")
    | _of(FLAG, "provisioned locked") | _of(NUMBER, "counts_per_kWh")
    | _of(OBJECT, "capabilities"),
    "status": _of(TEXT, "time error supply reasons relay gate failure")
    | _of(FLAG, "provisioned relay_fault safe_mode") | _of(OBJECT, "tick_us")
    | _of(NUMBER, "uptime_s starts ticks commits bus_errors heap_free heap_used")
    | _of(MAYBE_TEXT, "V A W pf Hz balance currency period season price")
    | _of(MAYBE_NUMBER, "tier tiers"),
    "registers": _of(
        TEXT, "import_kWh export_kWh reactive_import_kvarh reactive_export_kvarh")
    | _of(MAYBE_TEXT, "quadrant_1_kvarh quadrant_2_kvarh quadrant_3_kvarh quadrant_4_kvarh "
          "apparent_import_kVAh apparent_export_kVAh quadrant pf month_pf month_pf_export"),
    **dict.fromkeys(("demand", "demand_reset"), _of(LIST, "columns rows")
                    | _of(NUMBER, "minutes subperiods")),
    "green": _of(LIST, "columns rows") | _of(TEXT, "day") | _of(NUMBER, "intervals unknown"),
    "balance": _of(TEXT, "balance credits charges currency month_kWh month_cost audit")
    | _of(MAYBE_OBJECT, "carried_kWh"),
    "tariff": _of(TEXT, "id name currency digest price") | _of(LIST, "periods seasons")
    | _of(NUMBER, "tiers") | _of(MAYBE_OBJECT, "next"),
    "relay": _of(TEXT, "relay commanded intent") | _of(MAYBE_FLAG, "load_voltage")
    | _of(FLAG, "fault"),
    "events": _of(LIST, "events") | _of(NUMBER, "count discarded"),
    "settings": _of(LIST, "settings"),
    "set": _of(LIST, "settings"),
    "self_test": _of(FLAG, "passed") | _of(LIST, "tests"),
    "clock": _of(TEXT, "time"),
    "upload": _of(NUMBER, "size"),
    "tariff_check": _of(TEXT, "id name currency digest"),
    "tariff_load": _of(TEXT, "digest start"),
    "settle_days": _of(NUMBER, "waiting"),
    **dict.fromkeys(("days", "months", "purchases", "log", "outputs", "output"),
                    _of(LIST, "columns rows")),
    "quality": _of(LIST, "columns rows") | _of(OBJECT, "voltage"),
    "energies": _of(LIST, "columns rows") | _of(TEXT, "charged"),
    "clear_log": {},
    "link": _of(TEXT, "phase") | _of(MAYBE_TEXT, "transport failure")
    | _of(MAYBE_NUMBER, "losses failed_tries refused longest_step_ms long_steps")
    | _of(MAYBE_NUMBER, "signal_dBm airtime_ms")
    | _of(MAYBE_FLAG, "connected")
    | _of(MAYBE_OBJECT, "session outbox readings bytes modem sms settings")
    | _of(MAYBE_LIST, "transports wrong files flash"),
    "link_file": _of(LIST, "files"),
    "provision": {},
    "credit": _of(FLAG, "accepted") | _of(TEXT, "reason balance"),
    "reset": {},
    "token": _of(FLAG, "accepted") | _of(TEXT, "reason text amount balance")
    | _of(NUMBER, "waiting"),
    "message": _of(FLAG, "accepted") | _of(NUMBER, "status reason") | _of(TEXT, "text receipt"),
    "challenge": _of(TEXT, "challenge"),
    "login": {},
    "logout": {},
    "token_key": {},
    "message_keys": _of(NUMBER, "keys"),
    "production": {},
}
for _name in ("calibration", "measure", "calibrate"):
    SHAPES[_name] = (
        _of(TEXT, "ic") | _of(LIST, "lines steps own") | _of(OBJECT, "stored")
        | _of(NUMBER, "voltage_V current_A counts_per_kWh count_s") | _of(FLAG, "switch unsealed")
        | _of(MAYBE_OBJECT, "trial previous measurement error before constants"))
SHAPES["provision"] = SHAPES["identity"]
SHAPES["link_set"] = SHAPES["link"]

_SETTING: Fields = {
    "name": TEXT, "value": SETTING, "default": SETTING, "low": MAYBE_NUMBER,
    "high": MAYBE_NUMBER, "unit": TEXT,
}
_EVENT = (NUMBER, TEXT, TEXT, (int, str))
_NEXT: Fields = {"digest": TEXT, "start": TEXT}
_FILE = (TEXT, NUMBER, TEXT)
_FLASH = (TEXT, NUMBER, NUMBER)
_TRANSPORT = _of(TEXT, "name") | _of(NUMBER, "sent received") | _of(
    MAYBE_NUMBER, "stalls longest_stall_ms") | _of(MAYBE_TEXT, "joined")
_LINK_PARTS: dict[str, Fields] = {
    "session": _of(NUMBER, "connections published resent received repeated stray"),
    "outbox": _of(NUMBER, "oldest next held discarded"),
    "readings": _of(NUMBER, "waiting discarded"),
    "bytes": _of(NUMBER, "spent budget"),
    "modem": _of(TEXT, "model registration") | _of(MAYBE_NUMBER, "signal_dBm")
    | _of(NUMBER, "sessions restarts failures wait_s"),
    "sms": _of(MAYBE_FLAG, "capable") | _of(NUMBER, "received sent discarded"),
    "settings": _of(TEXT, "host") | _of(NUMBER, "port") | _of(FLAG, "tls")
    | _of(LIST, "transports wifi"),
}
_TEST: Fields = {"name": TEXT, "passed": FLAG, "text": TEXT}


def fields_problem(at: str, answer: dict[str, Any], fields: Fields) -> str:
    """Return what is wrong with the fields of an object; "" if nothing is."""
    return _object(at, answer, fields)


def problem(do: str, answer: dict[str, Any]) -> str:
    """Return what is wrong with the `ok` part of an answer to a request; "" if nothing is."""
    wrong = _object(do, answer, SHAPES[do])
    if wrong:
        return wrong
    if do == "events":
        return _items(do, answer["events"], _event)
    if do in ("settings", "set"):
        return _items(do, answer["settings"], lambda at, item: _object(at, item, _SETTING))
    if do in ("link", "link_set", "link_file"):
        return _link(do, answer)
    if do == "self_test":
        return _items(do, answer["tests"], lambda at, item: _object(at, item, _TEST))
    if do == "tariff" and answer["next"] is not None:
        return _object("tariff.next", answer["next"], _NEXT)
    return ""


def _object(at: str, value: Any, fields: Fields) -> str:
    if not isinstance(value, dict):
        return f"{at}: {_short(value)}: must be an object"
    for name, types in fields.items():
        if name not in value:
            if type(None) in types:
                continue
            return f"{at}: has no field {name}"
        # In Python True is an int; on the wire it is not.
        wrong = not isinstance(value[name], types) or (
            isinstance(value[name], bool) and bool not in types)
        if wrong:
            names = " or ".join(t.__name__.replace("NoneType", "null") for t in types)
            return f"{at}.{name}: {_short(value[name])}: must be {names}"
    return ""


def _items(at: str, items: list[Any], check: Callable[[str, Any], str]) -> str:
    for i, item in enumerate(items):
        wrong = check(f"{at}[{i}]", item)
        if wrong:
            return wrong
    return ""


def _link(do: str, answer: dict[str, Any]) -> str:
    for name, fields in _LINK_PARTS.items():
        part = answer.get(name)
        wrong = "" if part is None else _object(f"{do}.{name}", part, fields)
        if wrong:
            return wrong
    return (
        _items(f"{do}.transports", answer.get("transports") or [],
               lambda at, item: _object(at, item, _TRANSPORT))
        or _items(f"{do}.files", answer.get("files") or [], _file)
        or _items(f"{do}.flash", answer.get("flash") or [], _flash)
        or _items(f"{do}.settings.wifi", (answer.get("settings") or {}).get("wifi") or [],
                  _network))


def _file(at: str, item: Any) -> str:
    return _row(at, item, _FILE, "[name, size, SHA-256]")


def _flash(at: str, item: Any) -> str:
    return _row(at, item, _FLASH, "[name, steps above 20 ms, longest in ms]")


def _network(at: str, item: Any) -> str:
    return _row(at, item, (TEXT, FLAG), "[name, whether it has a password]")


def _event(at: str, item: Any) -> str:
    return _row(at, item, _EVENT, "[number, time, name, value]")


def _row(at: str, item: Any, types: tuple[tuple[type, ...], ...], form: str) -> str:
    if not isinstance(item, list) or len(item) != len(types):
        return f"{at}: {_short(item)}: must be {form}"
    names = [str(i) for i in range(len(types))]
    return _object(at, dict(zip(names, item, strict=True)),
                   dict(zip(names, types, strict=True)))


def _short(value: Any) -> str:
    return clean(repr(value))[:60]
