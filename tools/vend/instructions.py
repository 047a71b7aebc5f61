"""The bodies of instructions, as docs/messages.md lists them."""

from datetime import UTC, datetime
from typing import Any

from tools.vend.errors import VendError

CODES = {
    "credit": 1, "debit": 2, "clear_credit": 3, "close_account": 4, "tariff_piece": 5,
    "tariff_activate": 6, "set_setting": 7, "set_time": 8, "supply_off": 9, "supply_arm": 10,
    "supply_on": 11, "supply_until": 12, "keep_power": 13, "key_change": 14, "key_remove": 15,
    "read_out": 16, "reset_alarm": 17, "reset_lock_out": 18, "test": 19, "clear_events": 20,
    "acknowledge": 21, "resend": 22, "send_reading": 23,
    "limits": 25, "schedule": 26, "account_mode": 27, "demand_reset": 28, "debt": 29,
    "output": 30,
}
"""Instructions by name."""

MONEY = ("credit", "debit", "clear_credit", "close_account")
"""Those whose first field is a TID, which makes them count once."""

STATUS, REGISTERS, DAYS, DEMAND = range(4)
READ_OUTS = {"status": STATUS, "registers": REGISTERS, "days": DAYS, "demand": DEMAND}
EVENT_CLASSES = ("power", "supply", "credit", "tamper", "quality", "clock", "configuration",
                 "security", "update")
PIECE_SIZE = 384
BEYOND_MAX = 40
"""Numbers above the gap that one acknowledgement can tell."""

EXECUTED, RECEIVED = 3, 8
_RECEIPT = 1
STATUSES = {
    3: "executed", 4: "format failure", 5: "authentication failure", 6: "validation failure",
    7: "execution failure", 8: "received, not known to be executed",
}
REASONS = (
    "", "suspended", "tid", "units", "used", "old", "balance", "storage", "format", "crc",
    "not_supported", "manufacturer", "key_expired", "future", "token_key", "locked", "length",
    "form", "algorithm", "header", "key", "direction", "tag", "body", "instruction", "field",
    "role", "number", "expired", "factory_key", "key_ring", "interrupted", "refused",
    "unsupported",
)
_STATUS_NAMES = (
    "connected", "reasons", "relay_fault", "voltage_cV", "current_mA", "active_W", "commits",
    "time_known", "gate_suspended", "tariff", "lifts", "state", "limit_left",
    "debts", "debt_recovered",
)
_DAY_NAMES = ("day", "flags", "import_Wh", "export_Wh", "reactive_import_varh",
              "reactive_export_varh", "balance", "charges", "credits")


def body(name: str, *fields: Any, expiry: int | None = None) -> dict[int, Any]:
    """The map of an instruction; a field that is None is left out. expiry: Unix seconds."""
    result: dict[int, Any] = {0: CODES[name]}
    if expiry is not None:
        result[1] = expiry
    result.update({2 + i: value for i, value in enumerate(fields) if value is not None})
    return result


def beyond(last: int, numbers: list[int]) -> bytes | None:
    """The bit set of numbers that have arrived beyond a gap; VendError for one out of range."""
    bits = 0
    for number in numbers:
        if not last + 2 <= number < last + 2 + BEYOND_MAX:
            raise VendError(f"beyond {number}: must be {last + 2} to {last + 1 + BEYOND_MAX}")
        bits |= 1 << number - last - 2
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little") if bits else None


def tariff_pieces(digest: bytes, document: bytes) -> list[dict[int, Any]]:
    """The bodies that carry a document, in order."""
    return [body("tariff_piece", digest, len(document), at, document[at:at + PIECE_SIZE])
            for at in range(0, len(document), PIECE_SIZE)]


def is_receipt(body: dict[Any, Any]) -> bool:
    """Whether what the meter sealed has a receipt's code and fields."""
    kinds = {0: int, 2: bytes, 3: int, 4: int, 5: int, 6: int, 7: str}
    return body.get(0) == _RECEIPT and all(
        type(body.get(field)) is kind for field, kind in kinds.items()) and (
        type(body.get(1, 0)) is int)


def shown(receipt: dict[int, Any]) -> dict[str, Any]:
    """A receipt for a person or a program to read."""
    reason = receipt[5]
    result = {
        "meter": receipt[7], "kid": receipt[2].hex(), "number": receipt[3],
        "status": STATUSES.get(receipt[4], str(receipt[4])),
        "reason": REASONS[reason] if 0 <= reason < len(REASONS) else str(reason),
        "balance": receipt[6],
        "time": datetime.fromtimestamp(receipt[1], UTC).isoformat() if 1 in receipt else None,
    }
    if 8 in receipt:
        result["data"] = _data(receipt[8])
    return result


def _data(data: Any) -> Any:
    if isinstance(data, dict):
        found = {_STATUS_NAMES[key] if 0 <= key < len(_STATUS_NAMES) else str(key): value
                 for key, value in data.items()}
        return {name: value.hex() if isinstance(value, bytes) else value
                for name, value in found.items()}
    if isinstance(data, list) and data and isinstance(data[0], list):
        return [dict(zip(_DAY_NAMES, day, strict=False)) for day in data]
    return data
