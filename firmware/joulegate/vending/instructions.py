"""What a message may ask of the meter: one table of instructions.

A body is a map: 0 the instruction's code, 1 (if at all) when it expires, from 2 on its fields.
On the wire times are Unix seconds; here they are the meter's, since 2020.
"""

from micropython import const

from joulegate.core.civil import TIME_END
from joulegate.vending.message_result import FORMAT_FAILURE, VALIDATION_FAILURE, MessageError

EPOCH = const(1577836800)
"""2020-01-01T00:00:00Z, where the meter's seconds begin, in Unix seconds."""

TABLE = """\
1 credit va tid:i:1:16777215 units:i:1:1073741823
2 debit a tid:i:1:16777215 units:i:1:1073741823
3 clear_credit a tid:i:1:16777215
4 close_account a tid:i:1:16777215
5 tariff_piece a digest:b:8:8 size:i:1:16384 at:i:0:16383 piece:b:1:384
6 tariff_activate a digest:b:8:8 start:s
7 set_setting at name:t:1:32 value:v:0:64
8 set_time at time:s
9 supply_off a
10 supply_arm a
11 supply_on a
12 supply_until a until:s
13 keep_power a on:f
14 key_change a role:i:1:5 kid:b:1:8 key:b:16:16 replaces?:b:1:8
15 key_remove a kid:b:1:8
16 read_out ath what:i:0:3 first?:i:0:32767 count?:i:1:7
17 reset_alarm at
18 reset_lock_out at
19 test at
20 clear_events a event_class:i:0:8
21 acknowledge ah last:i:0:4294967295 beyond?:b:1:5
22 resend ah first:i:1:4294967295 count:i:1:64
23 send_reading ath
25 limits at settings:p:2:32
26 schedule a friendly:h:0:16
27 account_mode a remote:f limit?:i:0:268435455 energy?:f
28 demand_reset at
29 debt a number:i:1:3 units:i:0:1073741823
30 output ah number:i:1:4 on?:f until?:s
"""
"""Code, name, the initials of the roles that may, fields; a field's key is its place, from 2 on.

A field is name:kind:lowest:highest, with `?` when it may be left out. Kinds: i integer, b byte
string, t text, s time, f true or false, v the value of a setting: integer, boolean, text, or a
list of integers and texts, p a list of names and values of settings in turn, h a list of texts.
Limits are of the number, or of the length.

A code that was given stays: it is part of the protocol. The table is one text because as tuples
it would take several times the heap.
"""

_INITIALS = "?vat-h"  # by role; the meter itself asks for nothing
_MONEY = const(4)
_TARIFF_PIECE = const(5)
_SUPPLY_FIRST = const(9)
_SUPPLY_LAST = const(13)
_KEY_CHANGE = const(14)
_KEY_REMOVE = const(15)
_READ_OUT = const(16)
_RESET_ALARM = const(17)
_UPLINK_FIRST = const(21)
_UPLINK_LAST = const(23)
_LIMITS = const(25)
_ACCOUNT_MODE = const(27)

_CODE = const(0)
_EXPIRY = const(1)
_FIELDS_FROM = const(2)


class Instruction:
    """A code, its name, when it expires in the meter's seconds or None, its fields by name, and
    the role of the key that asks.

    A field that was left out is None.
    """

    def __init__(
        self, code: int, name: str, expiry: int, fields: dict, role: int
    ) -> None:
        self.role = role
        self.code = code
        self.name = name
        self.expiry = expiry
        self.fields = fields

    @property
    def money(self) -> bool:
        """Whether its identity is a TID, which is kept with the money."""
        return self.code <= _MONEY

    @property
    def changes_key(self) -> bool:
        return self.code in (_KEY_CHANGE, _KEY_REMOVE)

    @property
    def unnumbered(self) -> bool:
        """Whether it takes no number and gets no receipt: those about the uplink.

        They come with every few messages of the meter, so a stored mark for each would wear the
        key ring, and an acknowledged receipt of an acknowledgement would have no end. A
        replay does no harm: what has arrived has arrived for ever, and to send again or read
        is bounded in time by the uplink.
        """
        return _UPLINK_FIRST <= self.code <= _UPLINK_LAST

    @property
    def repeatable(self) -> bool:
        """Whether its receipt need not be held: it can be asked for again as it was."""
        return self.code in (_TARIFF_PIECE, _READ_OUT)

    @property
    def changes_supply(self) -> bool:
        """Whether supply may go on or off by it, which should not wait for the next tick."""
        code = self.code
        return (self.money or _SUPPLY_FIRST <= code <= _SUPPLY_LAST
                or _LIMITS <= code <= _ACCOUNT_MODE or code == _RESET_ALARM)

    @property
    def goes_by_role(self) -> bool:
        """Whether it does more for one role than for another."""
        return self.code == _RESET_ALARM

    def expired(self, now: int) -> bool:
        """Return whether it is too late; never while the clock does not know the time,
        which it counts from far below any.
        """
        return self.expiry is not None and self.expiry < now


def parse(body: dict, role: int) -> Instruction:
    """Return what a body asks for; MessageError for what is not in the table or not allowed."""
    code = body.get(_CODE)
    row = _row(code) if _is_integer(code) else None
    if row is None:
        raise MessageError(
            FORMAT_FAILURE, "instruction", "instruction %r: there is none of this code" % (code,))
    name = row[1]
    if _INITIALS[role] not in row[2]:
        raise MessageError(
            VALIDATION_FAILURE, "role", "%s: is not for a key of role %d" % (name, role))
    for key in body:
        if not 0 <= key < _FIELDS_FROM + len(row) - 3:
            raise _wrong(name, "has no field %d" % key)
    expiry = _time(name, "expiry", body[_EXPIRY]) if _EXPIRY in body else None
    values = {}
    for i in range(3, len(row)):
        field, _, rule = row[i].partition(":")
        key = _FIELDS_FROM + i - 3
        optional = field[-1] == "?"
        if optional:
            field = field[:-1]
        if key in body:
            values[field] = _checked(name, field, rule, body[key])
        elif optional:
            values[field] = None
        else:
            raise _wrong(name, "%s, field %d, is missing" % (field, key))
    return Instruction(code, name, expiry, values, role)


def _row(code: int) -> list:
    """Return the words of a line of the table, or None."""
    for line in TABLE.split("\n"):
        row = line.split()
        if row and row[0] == str(code):
            return row
    return None


def _wrong(name: str, text: str) -> MessageError:
    return MessageError(FORMAT_FAILURE, "field", "%s: %s" % (name, text))


def _checked(name: str, field: str, rule: str, value: object) -> object:
    """Return a field's value as the meter keeps it; MessageError."""
    kind = rule[0]
    if kind == "s":
        return _time(name, field, value)
    if not _is_kind(kind, value):
        raise _wrong(name, "%s: must be of kind %s" % (field, kind))
    if kind == "f" or kind == "v" and not isinstance(value, (str, list)):
        return value
    _, low, high = rule.split(":")
    return _within(name, field, value, value if kind == "i" else len(value), int(low), int(high))


def _time(name: str, field: str, value: object) -> int:
    if not _is_integer(value):
        raise _wrong(name, "%s: must be Unix seconds" % field)
    return _within(name, field, value, value, EPOCH, EPOCH + TIME_END - 1) - EPOCH


def _within(name: str, field: str, value: object, size: int, low: int, high: int) -> object:
    if not low <= size <= high:
        raise _wrong(name, "%s %d: must be %d to %d" % (field, size, low, high))
    return value


def _is_kind(kind: str, value: object) -> bool:
    if kind == "i":
        return _is_integer(value)
    if kind == "b":
        return isinstance(value, bytes)
    if kind == "t":
        return isinstance(value, str)
    if kind == "f":
        return value is True or value is False
    if kind == "p":
        return _is_pairs(value)
    if kind == "h":
        return isinstance(value, list) and all([isinstance(item, str) for item in value])
    if isinstance(value, list):
        return all([isinstance(item, str) or _is_integer(item) for item in value])
    return value is True or value is False or isinstance(value, str) or _is_integer(value)


def _is_pairs(value: object) -> bool:
    if not isinstance(value, list) or len(value) % 2:
        return False
    return all([isinstance(item, str) if i % 2 == 0 else _is_kind("v", item)
                for i, item in enumerate(value)])


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and value is not True and value is not False
