"""A year of net metering against the bills of an independent implementation."""

import json
import unittest

from net_metering_year import YEAR, hours

from joulegate.core.account import Account
from joulegate.core.amounts import format_ratio
from joulegate.core.billing import Billing, Listener
from joulegate.core.civil import Zone, parse_time
from joulegate.core.statement import Statement
from joulegate.core.tariff import Tariff
from joulegate.core.tariff_document import TariffDocument


class Totals(Listener):
    """Keeps the totals of the months, in the form of the vectors."""

    def __init__(self) -> None:
        self.found = []

    def month_end(self, billing: Billing, statement: Statement) -> None:
        self.found.append(format_ratio(statement.total, statement.tax_denominator, 6))


class TestPeer(unittest.TestCase):
    def test_the_bills_of_a_year(self) -> None:
        with open("tests/vectors/net_metering.json") as f:
            cases = json.load(f)["cases"]
        accounts = []
        start = parse_time("%d-01-01" % YEAR)
        for case in cases:
            tariff = Tariff(TariffDocument(case["document"]), 1000, 5)
            billing = Billing(Account(), Zone("UTC0"), tariff)
            billing.listener = Totals()
            billing.open(start)
            accounts.append(billing)
        now = start
        for _, _, _, load, generation in hours():
            for billing in accounts:
                if now >= billing.next_edge:
                    billing.advance(now)
                billing.consume(load)
                billing.produce(generation)
            now += 3600
        for billing, case in zip(accounts, cases):
            self.assertEqual(billing.audit(), "")
            billing.advance(now)
            self.assertEqual(billing.audit(), "")
            for month, got in enumerate(billing.listener.found):
                # The peer reckons in floats and was rounded to 6 places.
                difference = float(got) - float(case["bills"][month])
                self.assertTrue(
                    abs(difference) < 0.0000015, "%s, month %d: %s, the peer has %s" % (
                        case["record"], month + 1, got, case["bills"][month]))
            self.assertEqual(len(billing.listener.found), 12)


if __name__ == "__main__":
    unittest.main()
