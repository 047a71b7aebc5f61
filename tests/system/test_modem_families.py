"""The modem task of the firmware, on MicroPython, against the models of the families after
Quectel's QI, and real sockets.

Drivers and models are written from the sheet apart from each other, and share nothing.
"""

import ssl
import time
from pathlib import Path

import pytest

from tests.system.brokers import wait_until
from tests.system.modem_driver import SPEED, DriverError, ModemDriver, fast_model, pause
from tests.system.modem_peers import NAME, Authority, EchoServer, server_context
from tests.system.modem_process import ModemProcess

SIZE = 20_000
SENDER = "+15550100"
TOKEN = "12345678901234567890"
PARTS = {"A7670": "simcom", "SIM7600": "simcom", "SIM7080": "sim7080", "SIM7070": "sim7080",
         "SIM7020": "sim7020", "BC95": "bc95"}
# They share all code with A7670 and SIM7080, and differ in what the sweep shows to work.
SIM7600, SIM7070 = (pytest.param(part, marks=pytest.mark.sweep) for part in ("SIM7600", "SIM7070"))
ONE_EACH = ["A7670", "SIM7080", "SIM7020", "BC95"]
WITH_SMS = ["A7670", SIM7600, "SIM7080", "SIM7020"]
WITH_TLS = ["A7670", SIM7600, "SIM7080", SIM7070]
SENDS = {"A7670": "CIPSEND", "SIM7080": "CASEND", "SIM7020": "CSOSEND", "BC95": "NSOSD"}
READS = {"A7670": "CIPRXGET", "SIM7080": "CARECV", "BC95": "NSORF"}


def model(echo: EchoServer, part: str, *options: str, speed: int = SPEED) -> ModemProcess:
    return fast_model("--host", f"{NAME}={echo.port}", *options, family=PARTS[part], part=part,
                      speed=speed)


def open_stream(driver: ModemDriver, echo: EchoServer, part: str) -> None:
    if part == "BC95":
        driver.ask("open", "127.0.0.1", echo.port)
    else:
        driver.ask("open", NAME, 1883)


def up(driver: ModemDriver, echo: EchoServer, part: str) -> None:
    driver.ask("attach")
    open_stream(driver, echo, part)


def again(driver: ModemDriver, echo: EchoServer, part: str, seconds: float = 60) -> None:
    """Bring it up as the session above does, which tries until it succeeds."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            up(driver, echo, part)
            driver.ask("echo", 1000, 20_000)
            return
        except DriverError:
            if time.monotonic() > deadline:
                raise
            pause(0.5)


def no_early(modem: ModemProcess) -> None:
    assert not modem.log("early"), "a command before the last one's result"


@pytest.mark.parametrize("part", ["A7670", SIM7600, "SIM7080", SIM7070, "SIM7020", "BC95"])
def test_20_kB_both_ways(echo: EchoServer, part: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        driver.ask("echo", SIZE, 55_000)
        state = driver.ask("state")
        assert (state["restarts"], state["sessions"], state["overflows"]) == (0, 1, 0)
        assert state["signal"] is not None
        assert bytes(echo.received[:2]) == b"\r\n" and len(echo.received) == SIZE
        no_early(modem)


def test_the_rate_of_a_bc95(echo: EchoServer) -> None:
    with model(echo, "BC95", "--rate", "9600") as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, "BC95")
        driver.ask("echo", 1000, 40_000)


@pytest.mark.parametrize("part", ONE_EACH)
def test_a_modem_that_splits_its_lines(echo: EchoServer, part: str) -> None:
    # A computer does not sleep for less than what it takes to pass the pieces on.
    with model(echo, part, speed=1) as modem, ModemDriver(modem.pty, 1) as driver:
        modem.fault("split_lines", size=7, ms=1)
        up(driver, echo, part)
        driver.ask("echo", 2000, 50_000)


@pytest.mark.parametrize("part", WITH_SMS)
def test_a_token_comes_by_sms_and_is_answered(echo: EchoServer, part: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        assert driver.ask("state")["sms"] is True
        modem.tell(sms={"from": SENDER, "text": f"OK\nRDY\nToken: {TOKEN}"})
        sent = wait_until(lambda: modem.tell(sms_out=True)["sms_out"])
        assert driver.ask("state")["entered"] == [TOKEN]
        assert (sent[0]["to"], sent[0]["text"]) == (SENDER, "Accepted. Balance 4200")
        assert not modem.tell(sms_store=True)["sms_store"]
        driver.ask("echo", 1000, 20_000)
        assert driver.ask("state")["restarts"] == 0
        no_early(modem)


def test_no_sms_no_trouble(echo: EchoServer) -> None:
    with model(echo, "BC95") as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, "BC95")
        assert driver.ask("state")["sms"] is False
        assert not [text for text in modem.log("in") if "CMG" in text]


@pytest.mark.parametrize("part", ONE_EACH)
def test_registration_lost_and_found(echo: EchoServer, part: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        driver.ask("echo", 1000, 20_000)
        modem.fault("registration_lost", ms=3000)
        # Those that say nothing of the context notice by the first bytes that fail, or by none.
        with pytest.raises(DriverError):
            driver.ask("echo", 1000, 5000)
        again(driver, echo, part)


@pytest.mark.parametrize(("part", "fault"), [
    *((part, "reboot") for part in ONE_EACH), ("A7670", "silent_reset")])
def test_a_reset_in_mid_session(echo: EchoServer, part: str, fault: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        modem.fault(fault, when={"bytes": 3000})
        with pytest.raises(DriverError, match="modem restarted"):
            driver.ask("echo", SIZE, 50_000)
        assert driver.ask("state")["restarts"] == 1
        wait_until(lambda: driver.ask("state")["sessions"] == 2, 40)
        again(driver, echo, part)


@pytest.mark.parametrize("part", ONE_EACH)
def test_a_socket_that_died_in_silence_is_opened_again(echo: EchoServer, part: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        modem.fault("silent_socket")
        with pytest.raises(DriverError, match="received 0"):
            driver.ask("echo", 500, 2000)
        open_stream(driver, echo, part)
        driver.ask("echo", 2000, 20_000)


@pytest.mark.parametrize("part", ONE_EACH)
@pytest.mark.parametrize("fault", ["send_ok_lost", "close_socket"])
def test_a_stream_that_ends_is_opened_again(echo: EchoServer, part: str, fault: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        modem.fault(fault, when={"match": SENDS[part]} if fault == "send_ok_lost"
                    else {"bytes": 2000})
        with pytest.raises(DriverError, match="the stream is over"):
            driver.ask("echo", SIZE, 50_000)
        again(driver, echo, part)
        no_early(modem)


@pytest.mark.parametrize("part", ONE_EACH)
def test_a_context_that_is_lost_is_brought_up_again(echo: EchoServer, part: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        modem.fault("context_lost", when={"bytes": 2000})
        with pytest.raises(DriverError, match="the stream is over"):
            driver.ask("echo", SIZE, 50_000)
        again(driver, echo, part)


@pytest.mark.parametrize("part", ["A7670", "SIM7080"])
def test_a_prompt_that_never_comes_ends_the_stream(echo: EchoServer, part: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        modem.fault("missing_prompt", when={"match": SENDS[part]})
        with pytest.raises(DriverError, match="the stream is over"):
            driver.ask("echo", SIZE, 50_000)
        again(driver, echo, part)


@pytest.mark.parametrize("part", READS)
@pytest.mark.parametrize("fault", ["urc_in_reply", "short_read", "late_result"])
def test_what_reading_outlasts(echo: EchoServer, part: str, fault: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        match = "read" if fault == "short_read" else READS[part]
        modem.fault(fault, when={"match": match, "times": 3})
        driver.ask("echo", 5000, 50_000)
        assert driver.ask("state")["sessions"] == 1


def test_a_full_buffer_is_waited_for(echo: EchoServer) -> None:
    with model(echo, "A7670") as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, "A7670")
        modem.fault("send_fail", when={"match": "CIPSEND", "times": 3})
        driver.ask("echo", 5000, 50_000)


def test_a_send_taken_in_part_goes_on(echo: EchoServer) -> None:
    """So long to the broker and back that more is under way than the modem keeps."""
    with model(echo, "A7670") as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, "A7670")
        modem.tell(air={"delay_ms": 12_000})
        driver.ask("echo", 24_000, 58_000)
        taken = [text.split(",") for text in modem.log("out") if text.startswith("+CIPSEND:")]
        assert any(0 < int(cnf) < int(req) for _, req, cnf in taken)
        assert len(echo.received) == 24_000


@pytest.mark.parametrize("part", ["A7670", "SIM7080"])
def test_outcomes_before_their_ok(echo: EchoServer, part: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        modem.fault("result_first", when={"times": 0})
        up(driver, echo, part)
        driver.ask("echo", 2000, 20_000)


@pytest.mark.parametrize("part", ["A7670", pytest.param("SIM7080", marks=pytest.mark.sweep)])
def test_notices_that_are_missed(echo: EchoServer, part: str) -> None:
    """The end of a stream is found by asking; no byte that came before it is lost."""
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        up(driver, echo, part)
        driver.ask("echo", 500, 20_000)
        modem.fault("close_urc_lost")
        modem.fault("close_socket")
        said = driver.ask("over", 45_000)
        assert said.endswith("the modem has closed it")
        again(driver, echo, part)


def test_registration_that_allows_emergency_calls_only(echo: EchoServer) -> None:
    """Seen on an A7670E, which then refused everything."""
    with model(echo, "A7670", "--stat", "11") as modem, ModemDriver(modem.pty) as driver:
        pause(4)
        assert not driver.ask("state")["attached"]
        assert not [text for text in modem.log("in") if "NETOPEN" in text]
        modem.tell(registration=5)
        again(driver, echo, "A7670")


@pytest.mark.parametrize("part", ["SIM7020", "BC95"])
def test_tls_that_a_modem_has_not_costs_no_reset(echo: EchoServer, part: str) -> None:
    with model(echo, part) as modem, ModemDriver(modem.pty) as driver:
        driver.ask("attach")
        with pytest.raises(DriverError, match=f"tls: the {part} has none"):
            driver.ask("open", "127.0.0.1", echo.port, "00")
        if part == "BC95":
            with pytest.raises(DriverError, match="knows no names"):
                driver.ask("open", NAME, 1883)
        open_stream(driver, echo, part)
        driver.ask("echo", 500, 20_000)
        assert driver.ask("state")["sessions"] == 1
        assert modem.tell(counts=True)["counts"]["boots"] == 1


def der_hex(pem: bytes) -> str:
    return ssl.PEM_cert_to_DER_cert(pem.decode()).hex()


@pytest.mark.parametrize("part", WITH_TLS)
def test_tls_of_the_modem(tmp_path: Path, part: str) -> None:
    authority = Authority()
    good = server_context(authority.issue(NAME), tmp_path)
    with EchoServer(good) as echo, model(echo, part) as modem:
        for _ in range(2):
            with ModemDriver(modem.pty) as driver:
                driver.ask("attach")
                driver.ask("open", NAME, 8883, der_hex(authority.pem))
                driver.ask("echo", SIZE, 55_000)
                driver.ask("close")
                pause(1)
        uploads = [text for text in modem.log("in") if "CCERTDOWN" in text or "CFSWFILE" in text]
        assert len(uploads) == 1, "the same CA twice"
        no_early(modem)


@pytest.mark.parametrize("part", ["A7670", "SIM7080"])
@pytest.mark.parametrize("wrong", ["authority", "name", "date"])
def test_tls_believes_nobody_else(tmp_path: Path, part: str, wrong: str) -> None:
    authority = Authority()
    signer = Authority("Other CA") if wrong == "authority" else authority
    pair = signer.issue("other.test" if wrong == "name" else NAME,
                        days=0 if wrong == "date" else 30)
    with (EchoServer(server_context(pair, tmp_path)) as echo, model(echo, part) as modem,
          ModemDriver(modem.pty) as driver):
        driver.ask("attach")
        with pytest.raises(DriverError, match="open broker.test:8883: error"):
            driver.ask("open", NAME, 8883, der_hex(authority.pem))
        assert not echo.received


@pytest.mark.parametrize("part", ["A7670", "SIM7080"])
def test_a_tls_stream_that_ends_is_opened_again(tmp_path: Path, part: str) -> None:
    authority = Authority()
    good = server_context(authority.issue(NAME), tmp_path)
    with (EchoServer(good) as echo, model(echo, part) as modem,
          ModemDriver(modem.pty) as driver):
        driver.ask("attach")
        driver.ask("open", NAME, 8883, der_hex(authority.pem))
        driver.ask("echo", 1000, 20_000)
        echo.cut()
        assert driver.ask("over", 20_000).endswith("the other side has closed it")
        driver.ask("open", NAME, 8883, der_hex(authority.pem))
        driver.ask("echo", 1000, 20_000)
        no_early(modem)
