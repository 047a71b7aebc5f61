"""The models' PPP over a pty: dialling, data, escape and end, by a client after V.250."""

import time

import pytest

from tests.system.modem_process import ModemProcess, Port

GUARD_S = 1.1
PARTS = [("quectel", "BG95"), ("quectel", "EC200"), ("simcom", "A7670"), ("sim7080", "SIM7080")]
WITHOUT = [("quectel", "BC660K"), ("sim7020", "SIM7020"), ("bc95", "BC95")]
CALL = bytes.fromhex("7eff7d23c0217d217d217d207d24d1b57e")
"""LCP Configure-Request without options, number 1; its check sequence by hand of RFC 1662."""
TERMINATE = bytes.fromhex("7eff03c02105090004ff017e")


def ready(port: Port, modem: ModemProcess) -> None:
    modem.wait_for("network", "registration 1")
    port.quiet(0.05)
    assert port.ask("ATE0")[-1] == "OK"


def connect(port: Port, command: str = "ATD*99#") -> None:
    port.write(command.encode() + b"\r")
    assert port.line().startswith("CONNECT")


def state(modem: ModemProcess) -> dict[str, object]:
    return dict(modem.tell(ppp={})["ppp"])


@pytest.mark.parametrize(("family", "part"), PARTS)
def test_bytes_both_ways_escape_resume_and_hang_up(family: str, part: str) -> None:
    with ModemProcess(family=family, part=part) as modem, Port(modem.pty) as port:
        ready(port, modem)
        connect(port)
        assert state(modem)["online"]
        port.write(CALL + b"AT\r")
        modem.tell(ppp={"say": b"OK~\r\n".hex()})
        assert port.exactly(5) == b"OK~\r\n"
        time.sleep(GUARD_S)
        assert state(modem)["received"] == (CALL + b"AT\r").hex()
        began = time.monotonic()
        port.write(b"+++")
        assert port.line() == "OK"
        assert time.monotonic() - began >= 0.9
        assert port.ask("AT") == ["OK"]
        assert (state(modem)["online"], state(modem)["context"]) == (False, 1)
        connect(port, "ATO")
        port.write(b"again")
        time.sleep(GUARD_S)
        port.write(b"+++")
        assert port.line() == "OK"
        assert str(state(modem)["received"]).endswith(b"again".hex())
        assert port.ask("ATH") == ["OK"]
        assert port.ask("ATO") == ["NO CARRIER"]
        assert not modem.log("early")


def test_no_escape_without_silence() -> None:
    with ModemProcess() as modem, Port(modem.pty) as port:
        ready(port, modem)
        connect(port)
        port.write(b"+++")
        assert port.quiet(1.3) == b""
        port.write(b"+++")
        time.sleep(0.3)
        port.write(b"x")
        assert port.quiet(1.3) == b""
        assert state(modem)["received"] == (b"+++" + b"x").hex()


def test_the_far_end_hangs_up() -> None:
    with ModemProcess() as modem, Port(modem.pty) as port:
        ready(port, modem)
        connect(port, 'AT+CGDATA="PPP",1')
        modem.tell(ppp={"end": True})
        assert port.line() == "NO CARRIER"
        assert port.ask("AT") == ["OK"]
        connect(port, "ATD*99***1#")
        modem.fault("registration_lost", ms=500)
        assert port.line() == "NO CARRIER"


def test_terminated_by_lcp() -> None:
    with ModemProcess() as modem, Port(modem.pty) as port:
        ready(port, modem)
        connect(port)
        port.write(CALL)
        assert port.quiet(0.2) == b""
        port.write(TERMINATE)
        assert port.exactly(5) == b"\x7e\xff\x7d\x23\xc0"
        port.until(b"\x7e")
        assert port.line() == "NO CARRIER"


def test_refused() -> None:
    with ModemProcess("--apn", "internet") as modem, Port(modem.pty) as port:
        ready(port, modem)
        assert port.ask("ATD*99#") == ["NO CARRIER"]
        assert port.ask("ATD5551234;") == ["NO CARRIER"]
        assert port.ask('AT+CGDCONT=1,"IP","internet"') == ["OK"]
        assert port.ask("ATD*99***2#") == ["NO CARRIER"]
        assert port.ask("AT+QIACT=1") == ["OK"]
        assert port.ask("ATD*99#") == ["NO CARRIER"]
        assert port.ask("AT+QIDEACT=1") == ["OK"]
        connect(port)


@pytest.mark.parametrize(("family", "part"), WITHOUT)
def test_parts_without(family: str, part: str) -> None:
    with ModemProcess(family=family, part=part) as modem, Port(modem.pty) as port:
        ready(port, modem)
        assert port.ask("ATD*99#") == ["NO CARRIER"]
