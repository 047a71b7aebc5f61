"""Where the open day and month began: what the last freezes say, read once for each.

Amounts are kept as two limbs, as the account keeps them.
"""

from micropython import const

from joulegate.storage.freeze_store import PART

_LIMB = const(0x20000000)


class PeriodBegin:
    def __init__(self, app: object) -> None:
        """app: the meter's parts: records, None to have none, and state."""
        self._app = app
        self.import_Wh = 0
        """Register +A where the day began, as far as `day_known`; -A is the next."""
        self.export_Wh = 0
        self.day_known = False
        self._day = self._days = -1
        self._month = self._months = -1
        # Charges where each began: high and low limb, -1 low for nobody knows.
        self._day_high = self._month_high = 0
        self._day_low = self._month_low = -1

    def look(self) -> None:
        """Read what the account's day and month begin with, if another has begun."""
        records = self._app.records
        if records is None:
            return
        billing = self._app.state.billing
        ring = records.freezes.day_ring
        if ring.next != self._days or billing.day != self._day:
            self._days = ring.next
            self._day = billing.day
            self._read_day(ring, billing)
        ring = records.freezes.month_ring
        if ring.next != self._months or billing.month != self._month:
            self._months = ring.next
            self._month = billing.month
            self._read_month(ring, billing)

    def _read_day(self, ring: object, billing: object) -> None:
        entry = ring.read(ring.next - 1)
        self.day_known = entry is not None and entry["day"] == billing.day - 1
        if self.day_known:
            self.import_Wh, self.export_Wh = entry["wh"][:2]
            self._day_high = entry["charges"] // _LIMB
            self._day_low = entry["charges"] % _LIMB
        else:
            # On its first day an account began with nothing.
            self._day_high = 0
            self._day_low = 0 if not ring.next and billing.days_charged <= 1 else -1

    def _read_month(self, ring: object, billing: object) -> None:
        self._month_high = 0
        self._month_low = -1 if ring.next else 0
        for sequence in range(ring.next - 1, max(-1, ring.next - 1 - ring.capacity), -1):
            entry = ring.read(sequence)
            if entry is None or entry["flags"] & PART:
                continue
            if entry["month"] == billing.month - 1:
                self._month_high = entry["charges"] // _LIMB
                self._month_low = entry["charges"] % _LIMB
            return

    def day_charges(self, account: object) -> "int | None":
        """Return the credit units charged since the day began, None if nobody knows."""
        if self._day_low < 0:
            return None
        return (account.charges_high - self._day_high) * _LIMB \
            + account.charges_low - self._day_low

    def month_charges(self, account: object) -> "int | None":
        """Return the credit units charged since the month began, None if nobody knows."""
        if self._month_low < 0:
            return None
        return (account.charges_high - self._month_high) * _LIMB \
            + account.charges_low - self._month_low
