"""The stored log of the link's scenario on emulated silicon; see docs/emulate.md."""

import pytest

from tools.emulate import link_printout, printout, stored

HOW = "run `make emulate UF2=... BOOTROM=... LINK=1 STORE=1`"


@pytest.fixture(scope="module")
def log() -> dict:
    return stored.LINK.read()


def test_log_is_of_this_link(log: dict) -> None:
    changed = stored.LINK.changed(log)
    assert not changed, f"changed since the stored run: {', '.join(changed)}; {HOW}"


def test_every_check_of_the_log_passed(log: dict) -> None:
    assert log["checks"]
    assert not [check for check in log["checks"] if not check["passed"]]


def test_figures_keep_the_budgets(log: dict) -> None:
    figures = log["figures"]
    heap = figures["heap"]
    assert heap["free"] >= 0.3 * (heap["free"] + heap["used"])
    assert heap["largest"] >= 16384
    assert figures["stack_used"] <= 0.85 * figures["stack_bytes"]
    assert figures["credit_came_to_closed_ms"] < 3000
    assert figures["quiet"]["tick_gap_ms"] < 1100
    # A collection alone takes 26 between two ticks.
    assert figures["canary_quiet"]["longest_ms"] < 30
    assert figures["line"]["overruns"] == figures["line"]["overflows"] == 0


def test_printout_is_that_of_the_log(log: dict) -> None:
    lines = [*link_printout.heading(log), "", *map(printout.check_line, log["checks"]), "",
             *link_printout.rows(log["figures"])]
    assert stored.LINK.printout.read_text() == "\n".join(lines) + "\n"


def test_dialogue_is_kept(log: dict) -> None:
    text = stored.LINK.serial.read_text()
    for said in ("AT+QIOPEN=1,0,", "MQTT", "AT+IFC=2,2", "AT+CMGS="):
        assert said in text
