"""What a soak compares: the facts that a meter tells with a state of the account."""

from fractions import Fraction
from typing import Any

from tools.soak.account import Account
from tools.soak.meter import Facts

EXECUTION_OK = 3
FORMAT_FAILURE = 4
VALIDATION_FAILURE = 6
EXECUTION_FAILURE = 7
RECEIVED = 8
TID_MAX = 0xFFFFFF
UNITS_MAX = 0x3FFFFFFF
NO_START = 0x3FFFFFFF
"""The start of a tariff to follow when there is none."""


class Violation(Exception):
    """The meter holds what it must not."""


def must(holds: bool, text: str) -> None:
    if not holds:
        raise Violation(text)


def charged(facts: Facts) -> Fraction:
    """Return the charges since the first day, credit units, with the part of a unit."""
    return facts["charges"] + Fraction(facts["remainder"], facts["d"])


def refused(facts: Facts) -> bool:
    return isinstance(facts["result"], dict) and "refused" in facts["result"]


def purchase_code(account: Account, maximum: int, tid: Any, units: Any) -> int:
    """Return the code that a purchase must get while storage works."""
    if not isinstance(tid, int) or not 0 < tid <= TID_MAX or not isinstance(units, int):
        return FORMAT_FAILURE
    if (tid in account.taken or tid < account.lowest_mark or not 0 < units <= UNITS_MAX
            or account.balance + units > maximum):
        return VALIDATION_FAILURE
    return EXECUTION_OK


def difference(state: Account, facts: Facts) -> str:
    """Say in what the meter differs from a state; "" if it does not.

    Another tariff rounds the part of a unit down to its own denominator: what is lost by it is
    less than one of that.
    """
    found = charged(facts)
    lost = state.total - found
    rounded = state.changed and 0 <= lost < Fraction(1, facts["d"])
    follows = state.next
    rows = (
        ("error", facts["error"], ""),
        ("suspended", facts["suspended"], ""),
        ("audit", facts["audit"], ""),
        ("energy", facts["energy"], ""),
        ("credits", facts["credits"], state.credits),
        ("balance", facts["balance"], facts["credits"] - facts["charges"]),
        ("charges", str(found), str(found if rounded else state.total)),
        ("debts", tuple(facts["debts"]), (*state.debts, state.recovered, state.capped)),
        ("marks", tuple(facts["marks"]), state.marks),
        ("registers", facts["thousandths"], [1000 * n for n in state.counts]),
        ("day", facts["day"], state.day),
        ("tariff", facts["tariff"], state.tariff.name),
        ("next", facts["next"], follows[0].name if follows else ""),
        ("next_start", facts["next_start"], follows[1] if follows else NO_START),
    )
    return "; ".join(f"{name} {is_}, expected {wanted}" for name, is_, wanted in rows
                     if is_ != wanted)
