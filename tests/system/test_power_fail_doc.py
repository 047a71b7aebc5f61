"""docs/power-fail.md is what the operations of this firmware's commits come to."""

import pytest

from tools.bench.process import ROOT
from tools.docs.power_fail import STORES, counted, page


def test_the_page_is_that_of_the_count() -> None:
    written = (ROOT / "docs/power-fail.md").read_text(encoding="utf-8")
    assert page() == written, "run `python -m tools.docs.power_fail > docs/power-fail.md`"


def test_the_count_tells_kinds_apart() -> None:
    found = counted()
    hot, ledger = found["hot record alone"], found["ledger: hot record and registers"]
    assert hot["usual"][1] == ledger["usual"][1] == 0, "the usual commit erases nothing"
    assert hot["usual"][0] < ledger["usual"][0] <= 4
    assert ledger["worst"][1] <= 4


def test_hold_up_is_that_of_the_formula() -> None:
    # The figures of the hardware notes: 68 ms, 0.28 s, 31 ms, 10 s, 15 s.
    expected = [68, 280, 31, 10000, 15000]
    assert [store.hold_up_ms for store in STORES] == pytest.approx(expected, rel=0.03)
