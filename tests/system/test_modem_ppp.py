"""The modem task on MicroPython lends its line to a stand-in for PPP, against the models.

Driver, stand-in and models are written apart from each other. No PPP stack runs on a host: what
the boards' own does on a line is not tried here.
"""

import time

import pytest

from tests.fake_ppp import REQUEST, TERMINATE
from tests.system.modem_driver import DriverError, ModemDriver, fast_model, pause
from tests.system.modem_peers import EchoServer
from tests.system.modem_process import ModemProcess

PARTS = [("quectel", "BG95"), ("simcom", "A7670"), ("sim7080", "SIM7080"),
         pytest.param("quectel", "EC200", marks=pytest.mark.sweep),
         pytest.param("simcom", "SIM7600", marks=pytest.mark.sweep)]
WITHOUT = [("quectel", "BC660K", "quectel-bc"), ("sim7020", "SIM7020", "sim7020"),
           ("bc95", "BC95", "bc95")]


def call(modem: ModemProcess, driver: ModemDriver) -> None:
    """Dial, with a model that echoes."""
    modem.tell(ppp={"echo": True})
    driver.ask("ppp_attach")
    assert driver.ask("ppp_state")["status"] == 4
    assert modem.tell(ppp={})["ppp"]["online"]


def ready(driver: ModemDriver) -> dict[str, object]:
    """Wait until the modem takes commands; the state."""
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        state = dict(driver.ask("ppp_state"))
        if state["ready"]:
            return state
        pause(0.1)
    raise AssertionError("not ready")


@pytest.mark.parametrize(("family", "part"), PARTS)
def test_sockets_and_ppp_by_turns(family: str, part: str) -> None:
    with EchoServer() as echo, fast_model(
            "--host", f"broker.test={echo.port}", family=family, part=part) as modem, (
            ModemDriver(modem.pty)) as driver:
        for _ in range(2):
            call(modem, driver)
            pause(0.5)
            assert modem.tell(ppp={})["ppp"]["received"] == REQUEST.hex()
            driver.ask("attach")
            assert modem.tell(ppp={})["ppp"]["received"] == (REQUEST + TERMINATE).hex()
            driver.ask("open", "broker.test", 1883)
            driver.ask("echo", 2000, 20_000)
        state = driver.ask("ppp_state")
        assert (state["calls"], state["failures"], state["sessions"]) == (2, 0, 3)
        assert not modem.log("early")


def test_escape_where_nobody_has_ended_the_call() -> None:
    with fast_model(part="EC200") as modem, ModemDriver(modem.pty) as driver:
        call(modem, driver)
        driver.ask("ppp_release", False)
        assert ready(driver)["failures"] == 0
        said = modem.tell(ppp={})["ppp"]
        assert (said["context"], said["received"]) == (0, REQUEST.hex())
        call(modem, driver)
        assert not modem.log("early")


@pytest.mark.parametrize("end", ["far end", "registration"])
def test_a_call_that_ends_by_itself(end: str) -> None:
    with fast_model() as modem, ModemDriver(modem.pty) as driver:
        call(modem, driver)
        if end == "far end":
            modem.tell(ppp={"end": True})
        else:
            modem.fault("registration_lost", ms=500)
        pause(0.2)
        assert driver.ask("ppp_state")["status"] == -6
        with pytest.raises(DriverError, match="it has ended without data"):
            driver.ask("ppp_attach")
        pause(10)
        assert ready(driver)["sessions"] == 2
        call(modem, driver)


@pytest.mark.parametrize("ms", [0, 4000])
def test_a_modem_that_restarts_during_a_call(ms: int) -> None:
    with fast_model() as modem, ModemDriver(modem.pty) as driver:
        call(modem, driver)
        modem.tell(reset=True, ms=ms)
        driver.ask("ppp_release", False)
        assert ready(driver)["sessions"] == 2
        call(modem, driver)


def test_no_network_for_the_call() -> None:
    with fast_model("--apn", "other") as modem, ModemDriver(modem.pty) as driver:
        with pytest.raises(DriverError, match=r"modem: ATD\*99#: NO CARRIER"):
            driver.ask("ppp_attach")
        assert driver.ask("ppp_state")["failures"] == 1


@pytest.mark.parametrize(("family", "part", "name"), WITHOUT)
def test_parts_without_ppp_refuse(family: str, part: str, name: str) -> None:
    with fast_model(family=family, part=part) as modem, ModemDriver(modem.pty) as driver:
        with pytest.raises(DriverError, match=f"modem: {name}: this family has no PPP"):
            driver.ask("ppp_attach")
        assert ready(driver)["failures"] == 0
        assert not modem.log("early")
