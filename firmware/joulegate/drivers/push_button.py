"""A push button: bounces taken out, short presses told from long ones.

Contacts bounce for some milliseconds (makers of tact switches promise 5 to 10 ms), so two looks
POLL_MS apart that agree are one state of the contact.
"""

from micropython import const

POLL_MS = const(40)
LONG_MS = const(3000)

NO_PRESS = const(0)
SHORT = const(1)
LONG = const(2)


class PushButton:
    def __init__(self, pressed: object, ticks_ms: object, ticks_diff: object) -> None:
        """pressed: a function that tells; the others are those of the time module.

        A button that is held at the start counts from its next press: it may be stuck.
        """
        self._pressed = pressed
        self._ticks_ms = ticks_ms
        self._ticks_diff = ticks_diff
        self._seen = True
        self._down = True
        self._spent = True
        self._since = ticks_ms()

    def look(self) -> int:
        """Look once, every POLL_MS; return SHORT when a press ends, LONG while one lasts on.

        LONG comes once a press, after LONG_MS.
        """
        seen = bool(self._pressed())
        agreed = seen == self._seen
        self._seen = seen
        if not agreed:
            return NO_PRESS
        if seen != self._down:
            self._down = seen
            if seen:
                self._spent = False
                self._since = self._ticks_ms()
            elif not self._spent:
                self._spent = True
                return SHORT
        elif seen and not self._spent:
            if self._ticks_diff(self._ticks_ms(), self._since) >= LONG_MS:
                self._spent = True
                return LONG
        return NO_PRESS
