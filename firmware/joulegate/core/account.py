"""The account: a balance that is credits minus charges, to the last fraction.

Money is in whole credit units, a power of ten of the currency fixed at provisioning. A
charge is rarely whole units, so what is left over stays here as a remainder of the tariff's
fine denominator D = d1 * d2, kept as two limbs that never pass 2**30:

    exact charges = charges + (rem1 + rem2 / d2) / d1,   0 <= rem1 < d1, 0 <= rem2 < d2

The sum of debits is thus the exact cost, rounded down, at every instant and for ever.
`debit` runs in the tick: small ints only, nothing allocated.
"""

from micropython import const

from joulegate.core.debt_state import DebtState

BALANCE_LIMIT = const(0x3FFFFFFF)
"""Largest balance in credit units; credits that would pass it are refused."""

_LIMB = const(0x20000000)


class AccountError(ValueError):
    """An amount that the account cannot take, with the rule."""


class Account:
    def __init__(self, maximum: int = BALANCE_LIMIT) -> None:
        if not 0 < maximum <= BALANCE_LIMIT:
            raise AccountError("maximum %d: must be 1 to %d units" % (maximum, BALANCE_LIMIT))
        self.maximum = maximum
        self.balance = 0
        self.rem1 = 0
        self.rem2 = 0
        # Totals since the first day, low part below 2**29 so that the tick stays small.
        self.charges_low = 0
        self.charges_high = 0
        self.credits_low = 0
        self.credits_high = 0
        self.last_credit = 0
        """Units of the latest purchase."""
        self.entered = 0
        """1 once something was credited or taken off, until supply has taken note of it."""
        self.d1 = 1
        self.d2 = 1
        self.debts = DebtState()
        """What is recovered of them is part of the charges."""
        self.other_charges = 0
        """Units charged for energies other than electricity, since the first day."""
        self.other_state = 0
        """Which state of the record of their counts belongs to this one, 0 for none."""
        self.energies: object = None
        """A core.other_energies.OtherEnergies once settings name one."""

    @property
    def charges(self) -> int:
        """Whole credit units charged since the first day, export credits taken off."""
        return self.charges_high * _LIMB + self.charges_low

    @property
    def credits(self) -> int:
        """Credit units credited since the first day."""
        return self.credits_high * _LIMB + self.credits_low

    @property
    def remainder(self) -> int:
        """What is charged beyond the whole units, in 1/(d1 * d2) of a unit."""
        return self.rem1 * self.d2 + self.rem2

    def debit(self, n: int, q: int, r1: int, r2: int) -> None:
        """Charge n times q + (r1 + r2 / d2) / d1 units; n below 0 gives back (export).

        The caller keeps |n| within the tariff's n_max, which bounds every product here.
        """
        r2 = self.rem2 + n * r2
        carry = r2 // self.d2
        self.rem2 = r2 - carry * self.d2
        r1 = self.rem1 + n * r1 + carry
        carry = r1 // self.d1
        self.rem1 = r1 - carry * self.d1
        carry += n * q
        self.balance -= carry
        carry += self.charges_low
        if carry >= _LIMB or carry < 0:
            self.charges_high += carry // _LIMB
            carry %= _LIMB
        self.charges_low = carry

    def debit_fraction(self, amount: int) -> None:
        """Charge amount / (d1 * d2) units of any size: fixed charges, bands, settlements."""
        d = self.d1 * self.d2
        total = self.remainder + amount
        units = total // d
        total -= units * d
        self.rem1 = total // self.d2
        self.rem2 = total % self.d2
        self.balance -= units
        charges = self.charges + units
        self.charges_high = charges // _LIMB
        self.charges_low = charges % _LIMB

    def check_credit(self, units: int) -> None:
        """Raise AccountError if a credit of this size cannot be taken."""
        if not 0 < units <= BALANCE_LIMIT:
            raise AccountError("credit %d: must be 1 to %d units" % (units, BALANCE_LIMIT))
        if self.balance + units > self.maximum:
            raise AccountError(
                "credit %d: balance %d would pass the maximum %d"
                % (units, self.balance, self.maximum))

    def credit(self, units: int) -> None:
        """Add a purchase; AccountError if it cannot be taken, and nothing changes."""
        self.check_credit(units)
        self.enter(units)

    def enter(self, units: int) -> None:
        """Add units whatever the maximum, or take them back if below 0.

        For what has been checked, or was taken before; AccountError where the balance would
        pass BALANCE_LIMIT on either side, and nothing changes.
        """
        if not -BALANCE_LIMIT <= self.balance + units <= BALANCE_LIMIT:
            raise AccountError("entry %d: balance %d would pass +-%d" % (
                units, self.balance, BALANCE_LIMIT))
        self.balance += units
        credits = self.credits + units
        self.credits_high = credits // _LIMB
        self.credits_low = credits % _LIMB
        if units > 0:
            self.last_credit = units
        self.entered = 1

    def use_denominator(self, d1: int, d2: int) -> None:
        """Express the remainder in another tariff's denominator, rounded down."""
        remainder = self.remainder * d1 * d2 // (self.d1 * self.d2)
        self.d1 = d1
        self.d2 = d2
        self.rem1 = remainder // d2
        self.rem2 = remainder % d2
