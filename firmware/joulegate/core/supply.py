"""Supply: whether the meter may deliver, and why not.

The vocabulary is that of the DLMS/COSEM disconnect control (class 70). Supply may be on when
no reason forbids it; each reason is lifted by its own cause only.
"""

from micropython import const

from joulegate.core.account import BALANCE_LIMIT

# Control states of class 70.
DISCONNECTED = const(0)
CONNECTED = const(1)
READY_FOR_RECONNECTION = const(2)

# Reasons that forbid supply, a bit each.
CREDIT = const(1)
ADMINISTRATOR = const(2)
OVERLOAD = const(4)
VOLTAGE = const(8)
TAMPER = const(16)
LOAD_LIMIT = const(32)
FAULT = const(64)
REASONS = ("credit", "administrator", "overload", "voltage", "tamper", "load_limit", "fault")

WARNINGS_MAX = const(4)


def reason_names(reasons: int) -> str:
    """Return the names of the reasons in a set, "none" for the empty one."""
    names = [name for i, name in enumerate(REASONS) if reasons & (1 << i)]
    return " ".join(names) or "none"


class Supply:
    """Decides on credit; other causes set and lift their reasons through `forbid` and `lift`.

    Amounts are credit units. Supply goes off at a balance of `cut_off` or less and may come
    back above it. `warnings` are balances, falling, that are announced once each on the way
    down and armed again by a purchase.
    """

    def __init__(self, cut_off: int = 0, warnings: tuple = ()) -> None:
        self.reasons = 0
        self.warned = 0
        """How many warning levels the balance has passed."""
        self.configure(cut_off, warnings)

    def configure(self, cut_off: int, warnings: tuple) -> None:
        """Take other levels from now on; ValueError, and those there were stay."""
        if not -BALANCE_LIMIT <= cut_off <= BALANCE_LIMIT:
            raise ValueError(
                "cut_off %d: must be within +-%d units" % (cut_off, BALANCE_LIMIT))
        if len(warnings) > WARNINGS_MAX:
            raise ValueError("warnings %r: at most %d levels" % (warnings, WARNINGS_MAX))
        for higher, lower in zip((BALANCE_LIMIT,) + warnings, warnings + (cut_off,)):
            if not higher > lower:
                raise ValueError(
                    "warnings %r: must fall, and stay above the cut-off %d" % (warnings, cut_off))
        self.cut_off = cut_off
        self.warnings = warnings

    def decide(self, balance: int) -> bool:
        """Set or lift the credit reason; True when the reasons changed. Part of the tick."""
        if balance <= self.cut_off:
            if not self.reasons & CREDIT:
                self.reasons |= CREDIT
                return True
        elif self.reasons & CREDIT:
            self.reasons &= ~CREDIT
            return True
        return False

    def warn(self, balance: int) -> bool:
        """Return whether the balance has passed another warning level. Part of the tick."""
        warned = self.warned
        while self.warned < len(self.warnings) and balance <= self.warnings[self.warned]:
            self.warned += 1
        return self.warned != warned

    def arm(self, balance: int) -> None:
        """Arm the levels below a balance again, after a purchase.

        Export credit does not: a balance that it carries to and fro over a level would warn
        at every turn.
        """
        self.warned = 0
        self.warn(balance)

    def forbid(self, reason: int) -> None:
        self.reasons |= reason

    def lift(self, reason: int) -> None:
        self.reasons &= ~reason

    @property
    def allowed(self) -> bool:
        return not self.reasons
