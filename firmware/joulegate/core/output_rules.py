"""Rules of the auxiliary outputs: which is on when.

Each entry is a text that begins with the number of an output, 1 to 4:

    1 on period=valley      while that period of the tariff is in force
    1 off period!=valley    while another one is
    2 off price>60000       while a kWh costs more, in credit units with tax
    2 off balance<500000    while the balance is lower, in credit units
    3 on remote             while the head-end has it on, by the setting `outputs_remote`
    2 on                    always
    2 off power>3500        shed while the power is above so many W, whatever the rules say
    2 priority 9            1 to 9: that of 9 is shed last; 5 where nothing is said

Of an output's rules the first that holds decides; where none does it is off.
"""

from micropython import const

OUTPUTS_MAX = const(4)
ENTRIES_MAX = const(16)
PRIORITY = const(5)

ALWAYS = const(0)
PERIOD_IS = const(1)
PERIOD_IS_NOT = const(2)
PRICE_ABOVE = const(3)
BALANCE_BELOW = const(4)
REMOTE = const(5)
POWER_ABOVE = const(6)
PRIORITY_IS = const(7)

_LONGEST = const(48)
_AMOUNT_MAX = const(0x3FFFFFFF)
_POWER_MAX = const(18201624)
_FORMS = (
    ("period!=", PERIOD_IS_NOT, 0, 0), ("period=", PERIOD_IS, 0, 0),
    ("price>", PRICE_ABOVE, 0, _AMOUNT_MAX),
    ("balance<", BALANCE_BELOW, -_AMOUNT_MAX, _AMOUNT_MAX),
    ("power>", POWER_ABOVE, 1, _POWER_MAX),
)


class OutputRuleError(ValueError):
    """An entry that cannot be used, with the rule."""


def parse(texts: list) -> list:
    """Return (output from 0, what, operand, on) of each entry; OutputRuleError."""
    if len(texts) > ENTRIES_MAX:
        raise OutputRuleError("%d entries: at most %d" % (len(texts), ENTRIES_MAX))
    rules: list = []
    for text in texts:
        rule = _entry(text)
        if rule[1] in (POWER_ABOVE, PRIORITY_IS):
            for other in rules:
                if other[:2] == rule[:2]:
                    raise OutputRuleError("%r: output %d has one already" % (text, rule[0] + 1))
        rules.append(rule)
    return rules


def _entry(text: object) -> tuple:
    words = text.split() if isinstance(text, str) and len(text) <= _LONGEST else []
    if not 2 <= len(words) <= 3 or words[0] not in ("1", "2", "3", "4"):
        raise OutputRuleError("%r: must be OUTPUT on|off [CONDITION], OUTPUT 1 to %d" % (
            text, OUTPUTS_MAX))
    number = int(words[0]) - 1
    try:
        if words[1] == "priority":
            return number, PRIORITY_IS, _within(words[2], 1, 9), False
        on = ("off", "on").index(words[1]) == 1
        what, operand = _condition(words[2]) if len(words) == 3 else (ALWAYS, None)
        if what == POWER_ABOVE and on:
            raise ValueError(text)
    except (ValueError, IndexError):
        raise OutputRuleError(
            "%r: must be like '1 on period=valley', '1 off price>60000', '1 off balance<0', "
            "'1 off power>3500', '1 on remote', '1 on' or '1 priority 9'" % (text,)) from None
    return number, what, operand, on


def _condition(text: str) -> tuple:
    if text == "remote":
        return REMOTE, None
    for begin, what, low, high in _FORMS:
        if text.startswith(begin):
            operand = text[len(begin):]
            if what in (PERIOD_IS, PERIOD_IS_NOT):
                if not operand:
                    raise ValueError(text)
                return what, operand
            return what, _within(operand, low, high)
    raise ValueError(text)


def _within(text: str, low: int, high: int) -> int:
    digits = text[1:] if text[:1] == "-" else text
    if not 1 <= len(digits) <= 10 or not all(["0" <= c <= "9" for c in digits]):
        raise ValueError(text)
    value = int(text)
    if not low <= value <= high:
        raise ValueError(text)
    return value
