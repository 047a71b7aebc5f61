"""The modem task of the firmware, on MicroPython, against the Quectel model and real sockets.

Driver and model are written from the sheet apart from each other, and share nothing.
"""

import ssl
from pathlib import Path
from typing import Any

import pytest

from tests.system.brokers import wait_until
from tests.system.modem_driver import DriverError, ModemDriver, fast_model, pause
from tests.system.modem_peers import NAME, Authority, EchoServer, server_context
from tests.system.modem_process import ModemProcess

TOKEN = "12345678901234567890"
SENDER = "+15550100"
SIZE = 20_000


def hosts(echo: EchoServer) -> list[str]:
    return ["--host", f"broker.test={echo.port}"]


def up(driver: ModemDriver) -> None:
    driver.ask("attach")
    driver.ask("open", "broker.test", 1883)


def no_early(modem: ModemProcess) -> None:
    assert not modem.log("early"), "a command before the last one's result"


@pytest.mark.parametrize(
    "part", ["BG95", pytest.param("EC200", marks=pytest.mark.sweep), "BC660K"])
def test_20_kB_both_ways(echo: EchoServer, part: str) -> None:
    with fast_model(*hosts(echo), part=part) as modem, ModemDriver(modem.pty) as driver:
        up(driver)
        driver.ask("echo", SIZE, 50_000)
        state = driver.ask("state")
        assert (state["restarts"], state["sessions"], state["overflows"]) == (0, 1, 0)
        assert state["signal"] is not None
        no_early(modem)


def test_a_modem_that_splits_its_lines(echo: EchoServer) -> None:
    # A computer does not sleep for less than what it takes to pass the pieces on.
    with fast_model(*hosts(echo), speed=1) as modem, ModemDriver(modem.pty, 1) as driver:
        modem.fault("split_lines", size=3, ms=1)
        up(driver)
        driver.ask("echo", 2000, 50_000)


def test_a_token_comes_by_sms_and_is_answered(echo: EchoServer) -> None:
    with fast_model(*hosts(echo), part="EC200") as modem, ModemDriver(modem.pty) as driver:
        up(driver)
        assert driver.ask("state")["sms"] is True
        modem.tell(sms={"from": SENDER, "text": f"OK\nRDY\nToken: {TOKEN}"})
        sent = wait_until(lambda: modem.tell(sms_out=True)["sms_out"])
        assert driver.ask("state")["entered"] == [TOKEN]
        assert (sent[0]["to"], sent[0]["text"]) == (SENDER, "Accepted. Balance 4200")
        assert not modem.tell(sms_store=True)["sms_store"]
        modem.tell(sms={"from": SENDER, "text": "1" * 20})
        sent = wait_until(lambda: modem.tell(sms_out=True)["sms_out"][1:])
        assert sent[0]["text"] == "Not accepted: wrong token"
        driver.ask("echo", 2000, 20_000)
        assert driver.ask("state")["restarts"] == 0
        no_early(modem)


def test_messages_of_before_the_start_are_taken(echo: EchoServer) -> None:
    with fast_model(*hosts(echo), part="EC200") as modem:
        for number in range(4):
            modem.tell(sms={"from": SENDER, "text": TOKEN[number:] + TOKEN[:number]})
        with ModemDriver(modem.pty) as driver:
            wait_until(lambda: len(driver.ask("state")["entered"]) == 4)
            wait_until(lambda: not modem.tell(sms_store=True)["sms_store"])


def test_registration_lost_and_found(echo: EchoServer) -> None:
    with fast_model(*hosts(echo)) as modem, ModemDriver(modem.pty) as driver:
        up(driver)
        driver.ask("echo", 1000, 20_000)
        modem.fault("registration_lost", ms=3000)
        driver.ask("over", 40_000)
        wait_until(lambda: driver.ask("state")["sessions"] == 2 or driver.ask(
            "state")["attached"], 60)
        wait_until(lambda: not driver.ask("state")["problem"], 60)
        up(driver)
        driver.ask("echo", 1000, 20_000)


@pytest.mark.parametrize("fault", ["reboot", "silent_reset"])
def test_a_reset_in_mid_session(echo: EchoServer, fault: str) -> None:
    with fast_model(*hosts(echo)) as modem, ModemDriver(modem.pty) as driver:
        up(driver)
        modem.fault(fault, when={"bytes": 3000})
        with pytest.raises(DriverError, match="modem restarted"):
            driver.ask("echo", SIZE, 50_000)
        assert driver.ask("state")["restarts"] == 1
        wait_until(lambda: driver.ask("state")["sessions"] == 2, 40)
        up(driver)
        driver.ask("echo", 2000, 20_000)


@pytest.mark.parametrize(("fault", "options"), [
    ("send_ok_lost", {"match": "QISEND"}),
    ("missing_prompt", {"match": "QISEND"}),
    ("close_socket", {"bytes": 2000}),
    ("context_lost", {"bytes": 2000}),
])
def test_a_stream_that_ends_is_opened_again(
    echo: EchoServer, fault: str, options: dict[str, Any]
) -> None:
    with fast_model(*hosts(echo)) as modem, ModemDriver(modem.pty) as driver:
        up(driver)
        modem.fault(fault, when=options)
        with pytest.raises(DriverError, match="the stream is over"):
            driver.ask("echo", SIZE, 50_000)
        wait_until(lambda: not driver.ask("state")["problem"], 40)
        up(driver)
        driver.ask("echo", 2000, 20_000)
        no_early(modem)


@pytest.mark.parametrize(("fault", "options"), [
    ("urc_in_reply", {"match": "QIRD"}),
    ("send_fail", {"match": "QISEND"}),
    ("short_read", {"match": "QIRD"}),
    ("late_result", {"match": "QIRD"}),
])
def test_what_a_stream_outlasts(echo: EchoServer, fault: str, options: dict[str, Any]) -> None:
    with fast_model(*hosts(echo)) as modem, ModemDriver(modem.pty) as driver:
        up(driver)
        modem.fault(fault, when={**options, "times": 3})
        driver.ask("echo", 5000, 50_000)
        assert driver.ask("state")["sessions"] == 1


def test_a_pin_is_tried_once(echo: EchoServer) -> None:
    with fast_model(*hosts(echo), "--pin", "1234") as modem:
        with ModemDriver(modem.pty, sim_pin="9999") as driver:
            with pytest.raises(DriverError, match="it refused the PIN"):
                driver.ask("attach")
            assert driver.ask("state")["notes"] == {"pin_refused": 1}
            pause(11)
            assert "refused" in wait_until(lambda: driver.ask("state")["problem"])
        assert modem.tell(counts=True)["counts"]["pin"] == 1
        with ModemDriver(modem.pty, sim_pin="1234") as driver:
            driver.ask("attach")


def test_a_socket_that_died_in_silence_is_opened_again(echo: EchoServer) -> None:
    with fast_model(*hosts(echo)) as modem, ModemDriver(modem.pty) as driver:
        up(driver)
        modem.fault("silent_socket")
        with pytest.raises(DriverError, match="received 0"):
            driver.ask("echo", 500, 2000)
        up(driver)
        driver.ask("echo", 2000, 20_000)


def der_hex(pem: bytes) -> str:
    return ssl.PEM_cert_to_DER_cert(pem.decode()).hex()


def open_tls(driver: ModemDriver, authority: Authority) -> None:
    driver.ask("open", NAME, 8883, der_hex(authority.pem))


def test_tls_of_the_modem(tmp_path: Path) -> None:
    authority = Authority()
    good = server_context(authority.issue(NAME), tmp_path)
    with EchoServer(good) as echo, fast_model(*hosts(echo), part="EC200") as modem:
        for _ in range(2):
            with ModemDriver(modem.pty) as driver:
                driver.ask("attach")
                open_tls(driver, authority)
                driver.ask("echo", 3000, 30_000)
                driver.ask("close")
                pause(1)
        uploads = [text for text in modem.log("in") if "QFUPL" in text]
        assert len(uploads) == 1, "the same CA twice"
        no_early(modem)


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_tls_believes_nobody_else(tmp_path: Path, wrong: str) -> None:
    authority = Authority()
    signer = Authority("Other CA") if wrong == "authority" else authority
    pair = signer.issue("other.test" if wrong == "name" else NAME)
    with (EchoServer(server_context(pair, tmp_path)) as echo,
          fast_model(*hosts(echo), part="EC200") as modem):
        with ModemDriver(modem.pty) as driver:
            driver.ask("attach")
            with pytest.raises(DriverError, match="open broker.test:8883: error"):
                open_tls(driver, authority)
        assert not echo.received
