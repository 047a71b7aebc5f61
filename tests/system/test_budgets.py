"""Memory budgets that do not depend on the machine's speed: they hold or the build fails."""

from tools.bench.process import ROOT
from tools.measure.rows import LINK_FREE, bytes_a_tick_32, core_year, whole_firmware
from tools.measure32 import measure


def test_a_steady_tick_allocates_nothing_on_32_bits() -> None:
    assert bytes_a_tick_32() == 0


def test_the_tick_measurement_can_fail() -> None:
    """Money beyond a small int must show as bytes allocated."""
    setup = ("from joulegate.core.account import Account\n"
             "account = Account()\naccount.balance = 1 << 31")
    result = measure({"calls": [{"name": "debit", "setup": setup, "n": 100,
                                 "stmt": "account.debit(1, 1, 0, 0)"}]},
                     [ROOT / "firmware"])
    assert result["calls"]["debit"] > 0


def test_a_steady_tick_allocates_nothing_on_64_bits() -> None:
    assert core_year()["allocated"] == 0


def test_the_whole_firmware_runs_on_the_small_heap() -> None:
    heap = whole_firmware()
    assert heap["ticks"] == 5000
    assert heap["free"] * 100 >= heap["total"] * 30


def test_it_does_with_keys_for_tokens_and_messages() -> None:
    heap = whole_firmware(keys=True)
    assert heap["ticks"] == 5000
    assert heap["free"] * 100 >= heap["total"] * 30


def test_it_does_with_keys_and_a_link_on_the_heap_of_a_chip() -> None:
    heap = whole_firmware(link=True)
    assert heap["ticks"] == 5000
    assert heap["free"] * 100 >= heap["total"] * LINK_FREE


def test_it_does_with_keys_and_a_panel() -> None:
    """A fifth is free when display, keypad, lamps and every page were used."""
    heap = whole_firmware(keys=True, panel=True)
    assert heap["ticks"] == 5000
    assert heap["free"] * 100 >= heap["total"] * 20
