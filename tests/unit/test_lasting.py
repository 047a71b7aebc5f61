"""Whatever the owners of money count survives a start, also what is added to them later."""

import unittest
from array import array

from parts import provisioned
from scratch import scratch_folder

from joulegate.storage.ledger import Ledger

DERIVED = {
    "account": ("maximum", "d1", "d2"),
    "billing": ("next_edge", "entered"),
    "registers": ("counts_per_kWh",),
    "replay": (),
    "switch": ("fault",),
    "messages": (),
}
"""What each start works out again, from settings, tariff, clock or parts."""


def counted(name, owner):
    """Return the names of the public numbers and arrays of numbers of an owner."""
    return [attribute for attribute, value in sorted(owner.__dict__.items(), key=lambda i: i[0])
            if attribute[0] != "_" and attribute not in DERIVED[name]
            and isinstance(value, (int, array, bytearray))]


def fill(owners, number):
    """Set every one of them to a number."""
    for name in DERIVED:
        for attribute in counted(name, owners[name]):
            value = getattr(owners[name], attribute)
            if isinstance(value, int):
                setattr(owners[name], attribute, number)
            else:
                for i in range(len(value)):
                    value[i] = number


class Lasting(unittest.TestCase):

    def test_every_number_of_every_owner(self):
        folder = scratch_folder("lasting")
        ledger = provisioned(folder).ledger
        fill(ledger.owners, 1)
        ledger.commit()
        found = provisioned(scratch_folder("lasting-other")).ledger.owners
        fill(found, 0)
        again = Ledger(folder)
        again.bind(found, again.load())
        for name in DERIVED:
            self.assertTrue(counted(name, ledger.owners[name]), name)
            for attribute in counted(name, ledger.owners[name]):
                value = getattr(found[name], attribute)
                numbers = [value] if isinstance(value, int) else list(value)
                self.assertEqual((name, attribute, set(numbers)), (name, attribute, {1}))


if __name__ == "__main__":
    unittest.main()
