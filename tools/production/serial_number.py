"""Serial numbers as a bar-code scanner types them: checked before they become a file's name."""

import re
from typing import Any

from tools.meterctl.errors import BadInput, clean

LONGEST = 32
_FORM = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")


def read(text: str, rule: dict[str, Any]) -> str:
    """Return a serial number that was typed or scanned; BadInput.

    Spaces around it, and the Return that a scanner ends with, are taken off. rule: `serial` of a
    plan.
    """
    serial = text.strip()
    shown = clean(repr(serial))[:60]
    if not 1 <= len(serial) <= LONGEST or not _FORM.fullmatch(serial) or ".." in serial:
        raise BadInput(f"serial number {shown}: must be 1 to {LONGEST} letters, digits, '.', "
                       "'_' or '-', beginning with a letter or digit")
    if not rule["pattern"].fullmatch(serial):
        raise BadInput(f"serial number {shown}: must be as the plan has it: "
                       f"{rule['pattern'].pattern}")
    if rule["check_digit"] == "luhn" and not luhn(serial):
        raise BadInput(f"serial number {shown}: its check digit is wrong (Luhn)")
    return serial


def luhn(serial: str) -> bool:
    """Tell whether the digits of a serial number end with their check digit.

    ISO/IEC 7812-1, annex B; what is no digit does not count.
    """
    digits = [int(c) for c in serial if c in "0123456789"]
    total = 0
    for i, digit in enumerate(reversed(digits)):
        doubled = 2 * digit if i % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return len(digits) > 1 and total % 10 == 0
