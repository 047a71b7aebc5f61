"""A modem that begins anew at any step of its script: the driver comes back by itself.

Every step is tried by the long sweep, some of them in each run of the tests.
"""

import time

import pytest

from tests.system.modem_driver import DriverError, ModemDriver, fast_model, pause
from tests.system.modem_peers import EchoServer

BACK_S = 150.0
BYTES = 600


def work(driver: ModemDriver) -> None:
    driver.ask("attach")
    driver.ask("open", "broker.test", 1883)
    driver.ask("echo", BYTES, 20_000)


def steps(echo: EchoServer) -> int:
    """How many commands the driver gives from the start until it has echoed."""
    with fast_model("--host", f"broker.test={echo.port}") as modem, ModemDriver(
            modem.pty) as driver:
        work(driver)
        return len(modem.log("in"))


def reboot_at(echo: EchoServer, step: int) -> None:
    with fast_model("--host", f"broker.test={echo.port}") as modem:
        modem.fault("reboot", {"commands": step})
        with ModemDriver(modem.pty) as driver:
            deadline = time.monotonic() + BACK_S
            while True:
                try:
                    work(driver)
                    break
                except DriverError:
                    assert time.monotonic() < deadline, f"not back after a reset at step {step}"
                    pause(0.2)
            work(driver)
        assert not modem.log("early"), "a command before the last one's result"


@pytest.mark.parametrize("step", [3, 14])
def test_reset_at_some_steps(echo: EchoServer, step: int) -> None:
    assert step < steps(echo)
    reboot_at(echo, step)


@pytest.mark.sweep
@pytest.mark.timeout(7200)
def test_reset_at_every_step(echo: EchoServer) -> None:
    for step in range(1, steps(echo) + 1):
        reboot_at(echo, step)
