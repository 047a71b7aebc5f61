"""What stands on a command line of V.250 (5.2, 5.3, 5.4): basic, S register, extended commands."""

import re
from dataclasses import dataclass, field

_EXTENDED = re.compile(r"[+*^$#%][A-Za-z0-9!%\-./:_]*")
_BASIC = re.compile(r"(&?[A-Za-z])(\d*)")
_REGISTER = re.compile(r"[Ss](\d+)(\?|=\d*)?")


class AtError(Exception):
    """A command ends with an error: a number of 27.007 9.2 (CME) or 27.005 3.2.5 (CMS)."""

    def __init__(self, code: int | None = None, sms: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.sms = sms


_CME_TEXTS = {
    3: "operation not allowed", 4: "operation not supported", 10: "SIM not inserted",
    11: "SIM PIN required", 12: "SIM PUK required", 13: "SIM failure", 14: "SIM busy",
    16: "incorrect password", 30: "no network service", 50: "incorrect parameters",
}


def error_text(error: AtError, cmee: int) -> str:
    """The final result of an error, by AT+CMEE: 0 bare, 1 numbers, 2 texts."""
    if error.code is None or not cmee:
        return "ERROR"
    if error.sms:
        return f"+CMS ERROR: {error.code}"
    return f"+CME ERROR: {_CME_TEXTS.get(error.code, 'unknown') if cmee == 2 else error.code}"


@dataclass
class Call:
    """One command: its name in capitals, "" "?" "=?" or "=", and what follows the "="."""

    name: str
    op: str = ""
    raw: str = ""
    args: list[str | None] = field(default_factory=list)
    quoted: list[bool] = field(default_factory=list)

    def text(self, index: int, default: str | None = None) -> str:
        """Argument as text; AtError 50 when it is absent and has no default."""
        value = self.args[index] if index < len(self.args) else None
        if value is None:
            if default is None:
                raise AtError(50)
            return default
        return value

    def number(
        self, index: int, low: int = 0, high: int = 65535, default: int | None = None
    ) -> int:
        """Argument as a number from `low` to `high`; AtError 50 when it is not one."""
        value = self.args[index] if index < len(self.args) else None
        if value is None or value == "":
            if default is None:
                raise AtError(50)
            return default
        if not re.fullmatch(r"-?\d{1,9}", value) or not low <= int(value) <= high:
            raise AtError(50)
        return int(value)

    def count(self) -> int:
        """How many arguments stand there, empty ones included."""
        return len(self.args)

    def __str__(self) -> str:
        return self.name + (self.op if self.op != "=" else "=" + self.raw)


def _split_outside_quotes(text: str, mark: str) -> list[str]:
    parts, start, quoted = [], 0, False
    for index, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == mark and not quoted:
            parts.append(text[start:index])
            start = index + 1
    parts.append(text[start:])
    return parts


def arguments(raw: str) -> tuple[list[str | None], list[bool]]:
    """Split at the commas outside quotes; None for an empty one, quotes taken off."""
    values: list[str | None] = []
    quoted: list[bool] = []
    for part in _split_outside_quotes(raw, ","):
        part = part.strip()
        is_quoted = len(part) >= 2 and part[0] == part[-1] == '"'
        quoted.append(is_quoted)
        values.append(part[1:-1] if is_quoted else part or None)
    return values, quoted


def _extended(text: str) -> Call:
    found = _EXTENDED.match(text)
    assert found is not None
    name, rest = found.group().upper(), text[found.end():].strip()
    if rest in ("", "?", "=?"):
        return Call(name, rest)
    if not rest.startswith("="):
        raise AtError()
    values, quoted = arguments(rest[1:])
    return Call(name, "=", rest[1:], values, quoted)


def calls(body: str, whole: frozenset[str] = frozenset()) -> list[Call]:
    """The commands of `body`, the line without its AT; those in `whole` take all that follows.

    AtError when it cannot be read.
    """
    found: list[Call] = []
    rest = body.strip()
    while rest:
        if rest[0] in " ;":
            rest = rest[1:]
            continue
        if extended := _EXTENDED.match(rest):
            piece = rest
            if extended.group().upper() not in whole:
                piece = _split_outside_quotes(rest, ";")[0]
            found.append(_extended(piece))
            rest = rest[len(piece):]
        elif rest[0] in "Dd":
            found.append(Call("D", "=", rest[1:]))
            rest = ""
        elif register := _REGISTER.match(rest):
            number, op = register.group(1), register.group(2) or ""
            values, quoted = arguments(op[1:]) if op.startswith("=") else ([], [])
            found.append(Call("S" + number, op[:1], op[1:], values, quoted))
            rest = rest[register.end():]
        elif basic := _BASIC.match(rest):
            digits = basic.group(2)
            found.append(Call(basic.group(1).upper(), "", digits, [digits or "0"], [False]))
            rest = rest[basic.end():]
        else:
            raise AtError()
    return found
