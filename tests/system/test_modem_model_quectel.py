"""The Quectel model over its pty: TCP and TLS to real servers, by a client written from the sheet.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.modem_peers import NAME, Authority, EchoServer, server_context
from tests.system.modem_process import ModemProcess, Port


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def server() -> Iterator[EchoServer]:
    with EchoServer() as found:
        yield found


def attach(port: Port, modem: ModemProcess) -> None:
    modem.wait_for("network", "registration 1")
    port.quiet(0.05)
    for command in ("ATE0", "AT+CMEE=1", "AT+QISDE=0", 'AT+QICSGP=1,1,"apn"', "AT+QIACT=1"):
        assert port.ask(command)[-1] == "OK", command


def open_socket(port: Port, number: int = 0, mode: int = 0) -> str:
    assert port.ask(f'AT+QIOPEN=1,{number},"TCP","{NAME}",1883,0,{mode}') == ["OK"]
    return port.line()


def send(port: Port, data: bytes, command: str = "AT+QISEND=0") -> str:
    port.write(f"{command},{len(data)}\r".encode())
    port.until(b"> ")
    port.write(data)
    return port.line()


def read(port: Port, command: str = "AT+QIRD=0") -> bytes:
    """One read, counted; b"" when the buffer is empty."""
    port.write(f"{command},1500\r".encode())
    head = port.line()
    while "URC" in head:
        head = port.line()
    count = int(head.partition(": ")[2])
    data = port.exactly(count)
    assert port.until(b"OK\r\n").strip() == b"OK"
    return data


def read_all(port: Port, count: int, command: str = "AT+QIRD=0") -> bytes:
    data, deadline = b"", time.monotonic() + 10
    while len(data) < count and time.monotonic() < deadline:
        data += read(port, command)
    return data


def test_identifies_itself_and_refuses_what_it_does_not_know() -> None:
    with ModemProcess(part="BG95") as modem, Port(modem.pty) as port:
        assert port.line() == "RDY" and port.line() == "APP RDY"
        assert port.ask("ATI") == [
            "Quectel", "BG95-M3", "Revision: BG95-M3JGM01A01", "OK"]
        assert port.ask("AT+NONESUCH=1") == ["ERROR"]
        assert port.ask("ATE0") == ["OK"]
        assert port.ask("AT+CSQ;+CGATT?;+CREG?")[-1] == "OK"
        port.write(b"A/")
        assert port.line().startswith("+CSQ")
        port.until(b"OK\r\n")
        port.write(b"ATV0\r")
        assert port.until(b"0\r") == b"0\r"
        port.write(b"AT+NONESUCH\r")
        assert port.until(b"4\r") == b"4\r"


def test_tcp_buffered_takes_every_byte_value_both_ways(server: EchoServer) -> None:
    data = bytes(range(256)) * 5
    with ModemProcess("--host", f"{NAME}={server.port}") as modem, Port(modem.pty) as port:
        attach(port, modem)
        assert open_socket(port) == "+QIOPEN: 0,0"
        assert send(port, data) == "SEND OK"
        assert port.line() == '+QIURC: "recv",0'
        assert read_all(port, len(data)) == data
        assert read(port) == b""
        assert port.ask("AT+QISEND=0,0")[0] == "+QISEND: 1280,1280,0"
        assert port.ask("AT+QIRD=0,0")[0] == "+QIRD: 1280,1280,0"
        assert port.ask("AT+QICLOSE=0") == ["OK"]
        assert bytes(server.received) == data and not modem.log("early")


def test_the_receive_notice_comes_once_until_the_buffer_is_empty(server: EchoServer) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}") as modem, Port(modem.pty) as port:
        attach(port, modem)
        open_socket(port)
        for _ in range(2):
            assert send(port, b"hello") == "SEND OK"
            assert port.line() == '+QIURC: "recv",0'
            server.connections[0].sendall(b"more")
            assert port.quiet(0.2) == b""
            assert read_all(port, 9) == b"hellomore"


def test_tcp_push_gives_header_and_counted_bytes(server: EchoServer) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}") as modem, Port(modem.pty) as port:
        attach(port, modem)
        open_socket(port, mode=1)
        assert send(port, b"\r\nOK\r\n") == "SEND OK"
        assert port.line() == '+QIURC: "recv",0,6'
        assert port.exactly(8) == b"\r\nOK\r\n\r\n"


def test_transparent_mode_and_its_escape(server: EchoServer) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}") as modem, Port(modem.pty) as port:
        attach(port, modem)
        assert port.ask("ATS12=10") == ["OK"]
        assert port.ask(f'AT+QIOPEN=1,0,"TCP","{NAME}",1,0,2') == ["CONNECT"]
        port.write(b"AT+CSQ\r")
        assert port.until(b"AT+CSQ\r") == b"AT+CSQ\r"
        time.sleep(0.3)
        port.write(b"+++")
        assert port.line() == "OK"
        assert port.ask("ATO") == ["CONNECT"]
        server.cut()
        assert port.line() == "NO CARRIER"


def test_errors_of_opening_and_sending(server: EchoServer) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}", "--host", "dead.test=1",
                      part="EC200") as modem, Port(modem.pty) as port:
        modem.wait_for("network", "registration 1")
        port.quiet(0.05)
        assert port.ask("ATE0")[-1] == "OK"
        assert open_socket(port) == "+QIOPEN: 0,570"
        attach(port, modem)
        assert port.ask('AT+QIOPEN=1,0,"TCP","nowhere.test",1,0,0') == ["OK"]
        assert port.line() == "+QIOPEN: 0,565"
        assert port.ask("AT+QIGETERROR")[0] == "+QIGETERROR: 565,DNS parse failed"
        assert port.ask('AT+QIOPEN=1,0,"TCP","dead.test",1,0,0') == ["OK"]
        assert port.line() == "+QIOPEN: 0,566"
        assert port.ask('AT+QIOPEN=1,12,"TCP","x",1,0,0') == ["+CME ERROR: 50"]
        assert port.ask("AT+QISEND=0,5") == ["ERROR"]
        assert open_socket(port) == "+QIOPEN: 0,0"
        assert open_socket(port) == "+QIOPEN: 0,563"
        server.cut()
        assert port.line() == '+QIURC: "closed",0'
        assert port.ask("AT+QISEND=0,5") == ["ERROR"]
        assert open_socket(port) == "+QIOPEN: 0,563"
        assert port.ask("AT+QICLOSE=0") == ["OK"]
        assert open_socket(port) == "+QIOPEN: 0,0"


def test_a_round_trip_takes_the_delay_that_was_asked_for(server: EchoServer) -> None:
    options = ("--host", f"{NAME}={server.port}", "--delay", "300", "--nitz", "0")
    with ModemProcess(*options) as modem, Port(modem.pty) as port:
        attach(port, modem)
        begun = time.monotonic()
        assert open_socket(port) == "+QIOPEN: 0,0"
        assert 0.6 <= time.monotonic() - begun < 1.2
        begun = time.monotonic()
        assert send(port, b"ping") == "SEND OK"
        assert time.monotonic() - begun < 0.15
        assert port.ask("AT+QISEND=0,0")[0] == "+QISEND: 4,0,4"
        assert port.line() == '+QIURC: "recv",0'
        assert 0.3 <= time.monotonic() - begun < 0.6
        assert port.ask("AT+QISEND=0,0")[0] == "+QISEND: 4,4,0"


def test_a_lost_segment_comes_late_and_in_order(server: EchoServer) -> None:
    options = ("--host", f"{NAME}={server.port}", "--loss", "0.3", "--seed", "2")
    with ModemProcess(*options) as modem, Port(modem.pty) as port:
        attach(port, modem)
        open_socket(port)
        for number in range(6):
            assert send(port, b"%d," % number) == "SEND OK"
        found, deadline = b"", time.monotonic() + 20
        while len(found) < 12 and time.monotonic() < deadline:
            found += read(port)
            time.sleep(0.05)
        assert found == b"0,1,2,3,4,5,"


def test_bc660k_sends_inline_and_as_hex_without_a_context(server: EchoServer) -> None:
    options = ("--host", f"{NAME}={server.port}")
    with ModemProcess(*options, part="BC660K") as modem, Port(modem.pty) as port:
        modem.wait_for("out", "+IP:")
        port.quiet(0.05)
        assert port.ask("ATE0")[-1] == "OK"
        assert port.ask(f'AT+QIOPEN=0,0,"TCP","{NAME}",1883,0,1') == ["OK"]
        assert port.line() == "+QIOPEN: 0,0"
        assert port.ask('AT+QISEND=0,5,"hello"') == ["OK"]
        assert {port.line(), port.line()} == {"SEND OK", '+QIURC: "recv",0,5'}
        assert port.exactly(7) == b"hello\r\n"
        assert port.ask('AT+QICFG="dataformat",1,0') == ["OK"]
        assert port.ask("AT+QISEND=0,2,00FF") == ["OK"]
        assert {port.line(), port.line()} == {"SEND OK", '+QIURC: "recv",0,2'}
        assert port.exactly(4) == b"\x00\xff\r\n"
        assert port.ask("AT+CMGF=1") == ["ERROR"]
        assert port.ask("AT+QISEND=0,3,00FF") == ["ERROR"]


def test_the_clock_before_and_after_network_time() -> None:
    options = ("--nitz", "-1", "--zone", "22", "--clock", "2027-03-01T10:00:00")
    with ModemProcess(*options) as modem, Port(modem.pty) as port:
        modem.wait_for("network", "registration 1")
        port.quiet(0.05)
        assert port.ask("AT+CCLK?")[0].startswith('+CCLK: "80/01/06,')
        assert port.ask("AT+QLTS=1")[0] == '+QLTS: ""'
        modem.tell(nitz=True)
        assert port.ask("AT+QLTS=1")[0].startswith('+QLTS: "2027/03/01,10:00:')
        assert port.ask("AT+QLTS=1")[0].endswith('+22,0"')
        assert port.ask("AT+QLTS=2")[0].startswith('+QLTS: "2027/03/01,15:30:')
        assert port.ask("AT+CCLK?")[0].startswith('+CCLK: "27/03/01,10:00:')
        assert port.ask('AT+CCLK="70/01/01,00:00:00+00"') == ["OK"]
        assert port.ask('AT+CCLK="27/13/01,00:00:00+00"') == ["ERROR"]


def upload(port: Port, name: str, data: bytes) -> None:
    port.write(f'AT+QFUPL="{name}",{len(data)}\r'.encode())
    port.until(b"CONNECT\r\n")
    port.write(data)
    assert port.line().startswith(f"+QFUPL: {len(data)},")
    assert port.line() == "OK"


def test_files_are_kept_over_a_reset() -> None:
    with ModemProcess() as modem, Port(modem.pty) as port:
        modem.wait_for("out", "APP RDY")
        port.quiet(0.05)
        port.ask("ATE0")
        port.ask("AT+CMEE=1")
        upload(port, "ca.pem", b"\x01\x02\x04")
        port.write(b'AT+QFUPL="ca.pem",3\r')
        assert port.line() == "+CME ERROR: 407"
        assert port.ask("AT+CFUN=1,1") == ["OK"]
        assert port.line() == "RDY" and port.line() == "APP RDY"
        assert port.ask('AT+QFLST="*"') == ['+QFLST: "UFS:ca.pem",3', "OK"]
        assert port.ask('AT+QFDEL="ca.pem"') == ["OK"]
        assert port.ask('AT+QFDEL="ca.pem"') == ["ERROR"]


@pytest.mark.parametrize(
    ("level", "ca", "host", "check", "code"), [
        (0, "other", NAME, 0, 0), (1, "right", NAME, 1, 0), (1, "other", NAME, 1, 566),
        (1, "none", NAME, 1, 566), (1, "right", "wrong.test", 1, 566),
        (1, "right", "wrong.test", 0, 0), (2, "right", NAME, 1, 0),
    ])
def test_tls_levels(
    authority: Authority, tmp_path: Path, level: int, ca: str, host: str, check: int, code: int
) -> None:
    context = server_context(
        authority.issue(NAME), tmp_path, authority.pem if level == 2 else b"")
    files = {"right": authority.pem, "other": Authority("Other CA").pem}
    client = authority.issue("meter")
    with EchoServer(context) as server, ModemProcess(
            "--host", f"{host}={server.port}") as modem, Port(modem.pty) as port:
        attach(port, modem)
        if ca in files:
            upload(port, "ca.pem", files[ca])
        upload(port, "cert.pem", client.certificate)
        upload(port, "key.pem", client.key)
        for setting in (
                '"sslversion",1,3', '"ciphersuite",1,0xFFFF', f'"seclevel",1,{level}',
                '"cacert",1,"ca.pem"', '"clientcert",1,"cert.pem"', '"clientkey",1,"key.pem"',
                '"ignorelocaltime",1,1', f'"checkhost",1,{check}'):
            assert port.ask("AT+QSSLCFG=" + setting) == ["OK"], setting
        assert port.ask(f'AT+QSSLOPEN=1,1,0,"{host}",8883,0') == ["OK"]
        assert port.line() == f"+QSSLOPEN: 0,{code}", modem.log("network")
        if code:
            return
        data = bytes(range(256)) * 4
        assert send(port, data, "AT+QSSLSEND=0") == "SEND OK"
        assert port.line() == '+QSSLURC: "recv",0'
        assert read_all(port, len(data), "AT+QSSLRECV=0") == data
        assert ("meter" in server.clients[0]) == (level == 2)
        server.cut()
        assert port.line() == '+QSSLURC: "closed",0'
        assert port.ask("AT+QSSLCLOSE=0") == ["OK"]


def test_tls_refuses_a_certificate_that_the_modems_clock_finds_invalid(
    authority: Authority, tmp_path: Path
) -> None:
    with EchoServer(server_context(authority.issue(NAME), tmp_path)) as server, ModemProcess(
            "--host", f"{NAME}={server.port}", "--nitz", "-1") as modem, Port(modem.pty) as port:
        attach(port, modem)
        upload(port, "ca.pem", authority.pem)
        for setting in ('"seclevel",1,1', '"cacert",1,"ca.pem"', '"ignorelocaltime",1,0'):
            assert port.ask("AT+QSSLCFG=" + setting) == ["OK"]
        command = f'AT+QSSLOPEN=1,1,0,"{NAME}",8883,0'
        assert port.ask(command) == ["OK"] and port.line() == "+QSSLOPEN: 0,566"
        modem.tell(nitz=True)
        assert port.ask(command) == ["OK"] and port.line() == "+QSSLOPEN: 0,0"


def test_psm_sleeps_when_asked_and_wakes_by_the_key(server: EchoServer) -> None:
    options = ("--host", f"{NAME}={server.port}")
    with ModemProcess(*options, part="BC660K") as modem, Port(modem.pty) as port:
        modem.wait_for("out", "+IP:")
        port.quiet(0.05)
        port.ask("ATE0")
        assert port.ask("AT+QNBIOTEVENT=1") == ["OK"]
        assert port.ask('AT+CPSMS=1,,,"00000001","0000000"') == ["ERROR"]
        assert port.ask('AT+CPSMS=1,,,"00000001","00000001"') == ["OK"]
        assert port.line() == '+QNBIOTEVENT: "ENTER PSM"'
        port.write(b"AT\r")
        assert port.quiet(0.2) == b""
        modem.tell(power_key=100)
        assert port.line() == '+QNBIOTEVENT: "EXIT PSM"'
        assert port.ask("AT+CPSMS=0") == ["OK"]
        assert port.quiet(2.3) == b""
        assert port.ask("AT") == ["OK"]
