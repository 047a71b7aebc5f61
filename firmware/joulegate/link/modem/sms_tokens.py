"""20 digits that come by SMS, and the answer to them. Whoever sent them, they prove themselves.

Nothing else in a message means anything. How often wrong ones are tried and answered is for the
lock-out to say. Source: the modem sheet, section 7.
"""

from micropython import const

from joulegate.vending.carriers import SMS
from joulegate.vending.sts_token import STORAGE

_DIGITS = const(20)
_REASONS = {
    "format": "not a token", "crc": "wrong token", "not_supported": "not for this meter",
    "manufacturer": "not for this meter", "key_expired": "meter key expired",
    "old": "token too old", "used": "token used before", "future": "not valid yet",
    "overflow": "balance too high", "locked": "too many tries", "key": "meter key",
    "suspended": "meter suspended", "storage": "try again later",
}


class SmsTokens:
    def __init__(self, enter_token: object, amount: object) -> None:
        """enter_token: (digits, carrier) -> Entered, RuntimeError while there is no key for
        tokens; amount: credit units -> text."""
        self._enter_token = enter_token
        self._amount = amount

    def handle(self, text: str) -> tuple:
        """Take the text of a message; return (answer or None, whether to keep the message).

        It is kept only while the token in it cannot be stored. When this returns, a token that
        was taken is in the journal and the ledger.
        """
        digits = token_in(text)
        if digits is None:
            return None, False
        try:
            entered = self._enter_token(digits, SMS)
        except RuntimeError:
            return None, False
        answer = None
        if entered.reply:
            answer = self._answer(entered)
        return answer, entered.reason == STORAGE

    def _answer(self, entered: object) -> str:
        if not entered.accepted:
            return "Not accepted: " + _REASONS.get(entered.reason, entered.reason)
        if entered.waiting:
            return "Accepted. Tokens still to come: %d" % entered.waiting
        return "Accepted. Balance " + self._amount(entered.balance)


def token_in(text: str) -> "str | None":
    """Return the 20 digits of a text, in groups by spaces or dashes or not, or None.

    There must be one run of just 20 and no second. A text that came as hexadecimal of UCS-2 is
    read as what it stands for.
    """
    found = None
    digits = ""
    for letter in _plain(text) + ".":
        if "0" <= letter <= "9":
            digits += letter
        elif letter not in " -" or not digits:
            if len(digits) == _DIGITS:
                if found is not None:
                    return None
                found = digits
            digits = ""
    return found


def _plain(text: str) -> str:
    if len(text) < 4 * _DIGITS or len(text) % 4:
        return text
    for at in range(0, len(text), 4):
        try:
            int(text[at:at + 4], 16)
        except ValueError:
            return text
    if text[:2] != "00" and text[4:6] != "00":
        return text
    found = ""
    for at in range(0, len(text), 4):
        code = int(text[at:at + 4], 16)
        found += chr(code) if 0x20 <= code <= 0x7E else "?"
    return found
