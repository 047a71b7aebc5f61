"""Text messages of the modem models: gammu as a client, smspdudecoder as a reader of PDUs."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from smspdudecoder import easy

from tests.system import peers
from tests.system.modem_process import ModemProcess, Port
from tools.modem import pdu

TOKEN = "Token: 1234 5678 9012 3456 7890\r\nOK\r\n{units}: 12,50 €"


@pytest.fixture
def modem() -> Iterator[ModemProcess]:
    with ModemProcess("--sms-store", "3", part="EC200") as found:
        found.wait_for("network", "registration 1")
        yield found


@pytest.fixture
def port(modem: ModemProcess) -> Iterator[Port]:
    with Port(modem.pty) as found:
        found.quiet(0.05)
        for command in ("ATE0", "AT+CMEE=1", "AT+CMGF=1", 'AT+CPMS="SM","SM","SM"',
                        "AT+CNMI=2,1,0,0,0"):
            assert found.ask(command)[-1] == "OK", command
        yield found


def receive(modem: ModemProcess, text: str, sender: str = "+15550100") -> object:
    return modem.tell(sms={"from": sender, "text": text})["stored"]


def test_text_mode_reads_lists_and_deletes(modem: ModemProcess, port: Port) -> None:
    assert receive(modem, "1234\nOK\n5678") == 1
    assert port.line() == '+CMTI: "SM",1'
    port.write(b"AT+CMGR=1\r")
    said = port.until(b"5678\r\n\r\nOK\r\n").decode()
    assert said.startswith('\r\n+CMGR: "REC UNREAD","+15550100",,"')
    assert said.endswith('"\r\n1234\nOK\n5678\r\n\r\nOK\r\n')
    receive(modem, "second")
    port.line()
    port.write(b'AT+CMGL="ALL"\r')
    listed = port.until(b"second\r\n\r\nOK\r\n").decode()
    assert '+CMGL: 1,"REC READ","+15550100",,' in listed
    assert '+CMGL: 2,"REC UNREAD","+15550100",,' in listed
    assert port.ask("AT+CMGD=1") == ["OK"]
    assert port.ask("AT+CMGR=1") == ["+CMS ERROR: 321"]
    assert port.ask("AT+CMGD=1,4") == ["OK"]
    assert port.ask('AT+CMGL="ALL"') == ["OK"]


def test_a_full_store_keeps_messages_away_until_there_is_room(
    modem: ModemProcess, port: Port
) -> None:
    assert [receive(modem, f"m{n}") for n in range(4)] == [1, 2, 3, None]
    port.until(b'"SM",3\r\n')
    assert port.quiet(0.1) == b""
    assert port.ask("AT+CMGD=2") == ['+CMTI: "SM",2', "OK"]
    assert modem.tell(sms_store=True)["sms_store"]["2"] == "m3"


def test_direct_hand_over_stores_nothing(modem: ModemProcess, port: Port) -> None:
    assert port.ask("AT+CNMI=2,2,0,0,0") == ["OK"]
    assert receive(modem, "now") is None
    assert port.line().startswith('+CMT: "+15550100",,"') and port.line() == "now"
    assert modem.tell(sms_store=True)["sms_store"] == {}


def test_text_mode_sends_and_escape_cancels(modem: ModemProcess, port: Port) -> None:
    port.write(b'AT+CMGS="+15550199"\r')
    port.until(b"> ")
    port.write(b"Hello, OK\x1a")
    assert port.line() == "+CMGS: 1" and port.line() == "OK"
    port.write(b'AT+CMGS="+15550199"\r')
    port.until(b"> ")
    port.write(b"no\x1b")
    assert port.line() == "OK"
    assert port.ask('AT+CSCS="UCS2"') == ["OK"] and port.ask("AT+CSMP=17,167,0,8") == ["OK"]
    port.write(b'AT+CMGS="' + "+1555".encode("utf-16-be").hex().encode() + b'"\r')
    port.until(b"> ")
    port.write("Кредит".encode("utf-16-be").hex().upper().encode() + b"\x1a")
    assert port.line() == "+CMGS: 2"
    sent = modem.tell(sms_out=True)["sms_out"]
    assert [(m["to"], m["text"]) for m in sent] == [
        ("+15550199", "Hello, OK"), ("+1555", "Кредит")]


def test_no_network_no_sim_and_bad_pdu(modem: ModemProcess, port: Port) -> None:
    assert port.ask("AT+CMGF=0") == ["OK"]
    port.write(b"AT+CMGS=10\r")
    port.until(b"> ")
    port.write(b"0011000A\x1a")
    assert port.line() == "+CMS ERROR: 304"
    assert port.ask("AT+CMGF=1") == ["OK"]
    modem.tell(registration=0)
    port.write(b'AT+CMGS="+1"\r')
    port.until(b"> ")
    port.write(b"x\x1a")
    assert port.line() == "+CMS ERROR: 331"
    modem.fault("sim_absent")
    assert port.ask("AT+CMGF=1") == ["+CMS ERROR: 310"]


@pytest.mark.parametrize("text", [
    TOKEN, "a" * 160, "", "@£$¥ÄÖñüà[~^|\\]", "Кредит 12,50 ₽", "7" * 70, "x" * 8,
])
@pytest.mark.parametrize("sender", ["+15550100", "15550", "Power Co"])
def test_an_independent_reader_reads_our_deliver_pdus(text: str, sender: str) -> None:
    when = datetime(2027, 3, 1, 10, 20, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    hexed, octets = pdu.deliver(sender, text, when, "+447700900000")
    assert len(hexed) // 2 - 1 - int(hexed[:2], 16) == octets
    read = easy.read_incoming_sms(hexed)
    assert read["content"] == text
    assert read["sender"] == sender
    assert read["date"].astimezone(UTC) == when.astimezone(UTC)


@pytest.mark.parametrize("text", ["part one ", "чаcть "])
def test_an_independent_reader_reads_our_concatenated_parts(text: str) -> None:
    hexed, _ = pdu.deliver(
        "+15550100", text, datetime.now(UTC), header=bytes([0, 3, 42, 2, 1]))
    read = easy.read_incoming_sms(hexed)
    assert read["content"] == text
    assert read["partial"] == {"reference": "42-2", "parts_count": 2, "part_number": 1}


class TestGammu:
    """gammu wants echo, sends ESC first and works in PDU mode."""

    def run(self, modem: ModemProcess, folder: Path, *arguments: str) -> str:
        file = folder / "gammurc"
        file.write_text(f"[gammu]\ndevice = {modem.pty}\nconnection = at\n")
        done = subprocess.run(
            [peers.program("gammu"), "-c", str(file), *arguments], capture_output=True,
            timeout=60, check=False)
        text = done.stdout.decode("utf-8", "replace")
        assert not done.returncode, text + done.stderr.decode("utf-8", "replace")
        return text

    def test_identifies(self, modem: ModemProcess, tmp_path: Path) -> None:
        said = self.run(modem, tmp_path, "identify")
        assert "Quectel" in said and "EC200U" in said and "860000000000017" in said

    def test_shows_the_network(self, modem: ModemProcess, tmp_path: Path) -> None:
        said = self.run(modem, tmp_path, "networkinfo")
        assert "home network" in said and "1A2B" in said

    def test_sends_what_we_decode(self, modem: ModemProcess, tmp_path: Path) -> None:
        self.run(modem, tmp_path, "sendsms", "TEXT", "+15550199", "-text", "Hi {1234} ok")
        self.run(modem, tmp_path, "sendsms", "TEXT", "+15550199", "-unicode", "-text", "Zażółć")
        long = "0123456789" * 20
        self.run(modem, tmp_path, "sendsms", "TEXT", "+15550199", "-len", "400", "-text", long)
        sent = modem.tell(sms_out=True)["sms_out"]
        assert [m["text"] for m in sent[:2]] == ["Hi {1234} ok", "Zażółć"]
        assert sent[2]["text"] + sent[3]["text"] == long
        assert sent[2]["header"][-4:] == "0201" and sent[3]["header"][-4:] == "0202"
        assert {m["to"] for m in sent} == {"+15550199"}

    def test_reads_what_we_encode(self, modem: ModemProcess, tmp_path: Path) -> None:
        receive(modem, TOKEN)
        receive(modem, "Кредит", "Power Co")
        said = self.run(modem, tmp_path, "getallsms")
        assert TOKEN.replace("\r\n", "\n") in said.replace("\r\n", "\n")
        assert "Кредит" in said and "Power Co" in said
        self.run(modem, tmp_path, "deletesms", "1", "1")
        assert modem.tell(sms_store=True)["sms_store"] == {"2": "Кредит"}
