"""The other families over their ptys, by clients written from the sheet."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.modem_peers import NAME, Authority, EchoServer, server_context
from tests.system.modem_process import ModemProcess, Port

DATA = bytes(range(256))


@pytest.fixture
def server() -> Iterator[EchoServer]:
    with EchoServer() as found:
        yield found


def started(modem: ModemProcess, port: Port) -> None:
    modem.wait_for("network", "registration 1")
    port.quiet(0.05)
    assert port.ask("ATE0")[-1] == "OK"
    assert port.ask("AT+CMEE=1")[-1] == "OK"


def prompted(port: Port, command: str, data: bytes) -> None:
    port.write(f"{command},{len(data)}\r".encode())
    port.until(b"> ")
    port.write(data)


@pytest.mark.parametrize(("part", "boot"), [("A7670", "*ATREADY: 1"), ("SIM7600", "RDY")])
def test_simcom_manual_receive(server: EchoServer, part: str, boot: str) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}", family="simcom",
                      part=part) as modem, Port(modem.pty) as port:
        assert [port.line() for _ in range(4)] == [
            boot, "+CPIN: READY", "SMS DONE", "PB DONE"]
        started(modem, port)
        assert port.ask(f'AT+CIPOPEN=0,"TCP","{NAME}",1883') == ["OK"]
        assert port.line() == "+CIPOPEN: 0,2"
        assert port.ask("AT+NETOPEN") == ["OK"] and port.line() == "+NETOPEN: 0"
        assert port.ask("AT+NETOPEN") == ["+IP ERROR: Network is already opened", "ERROR"]
        assert port.ask("AT+CIPRXGET=1") == ["OK"]
        assert port.ask(f'AT+CIPOPEN=0,"TCP","{NAME}",1883') == ["OK"]
        assert port.line() == "+CIPOPEN: 0,0"
        prompted(port, "AT+CIPSEND=0", DATA)
        assert port.line() == "OK"
        assert {port.line(), port.line()} == {"+CIPSEND: 0,256,256", "+CIPRXGET: 1,0"}
        assert port.ask("AT+CIPRXGET=4,0") == ["+CIPRXGET: 4,0,256", "OK"]
        port.write(b"AT+CIPRXGET=2,0,200\r")
        assert port.line() == "+CIPRXGET: 2,0,200,56"
        assert port.exactly(200) == DATA[:200] and port.line() == "OK"
        port.write(b"AT+CIPRXGET=3,0,100\r")
        assert port.line() == "+CIPRXGET: 3,0,56,0"
        assert port.line() == DATA[200:].hex().upper() and port.line() == "OK"
        empty = port.ask("AT+CIPRXGET=2,0,200")
        assert empty == (["+IP ERROR: No data", "ERROR"] if part == "SIM7600"
                         else ["+CIPRXGET: 2,0,0,0", "OK"])
        assert port.ask("AT+CIPCLOSE?") == ["+CIPCLOSE: 1,0,0,0,0,0,0,0,0,0", "OK"]
        modem.fault("send_fail")
        prompted(port, "AT+CIPSEND=0", b"full")
        assert port.line() == "OK" and port.line() == "+CIPSEND: 0,4,0"
        server.cut()
        assert port.line() == "+IPCLOSE: 0,1"
        assert port.ask("AT+CIPSEND=0,4") == ["ERROR"]
        assert port.ask("AT+CIPCLOSE=0") == ["OK"] and port.line() == "+CIPCLOSE: 0,0"
        modem.fault("context_lost")
        assert port.line() == "+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY"


def test_simcom_push_has_nothing_after_the_bytes(server: EchoServer) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}", family="simcom") as modem, Port(
            modem.pty) as port:
        started(modem, port)
        for command in ("AT+CIPRXGET=0", "AT+CIPSRIP=0", "AT+NETOPEN"):
            assert port.ask(command) == ["OK"]
        port.line()
        port.ask(f'AT+CIPOPEN=3,"TCP","{NAME}",1883')
        port.line()
        prompted(port, "AT+CIPSEND=3", b"abc")
        assert {port.line() for _ in range(3)} == {
            "OK", "+CIPSEND: 3,3,3", "+RECEIVE,3,3"}
        assert port.quiet(0.2) == b"abc"


@pytest.mark.parametrize(("name", "code"), [(NAME, 0), ("wrong.test", 15)])
def test_simcom_tls(tmp_path: Path, name: str, code: int) -> None:
    authority = Authority()
    context = server_context(authority.issue(NAME), tmp_path)
    with EchoServer(context) as server, ModemProcess(
            "--host", f"{name}={server.port}", family="simcom") as modem, Port(
            modem.pty) as port:
        started(modem, port)
        prompted(port, 'AT+CCERTDOWN="ca.pem"', authority.pem)
        assert port.line() == "OK"
        for command in (
                'AT+CSSLCFG="sslversion",0,3', 'AT+CSSLCFG="authmode",0,1',
                'AT+CSSLCFG="cacert",0,"ca.pem"', 'AT+CSSLCFG="enableSNI",0,1',
                "AT+CCHSET=1,1", "AT+CCHSTART"):
            assert port.ask(command) == ["OK"], command
        assert port.line() == "+CCHSTART: 0"
        assert port.ask("AT+CCHSSLCFG=0,0") == ["OK"]
        assert port.ask(f'AT+CCHOPEN=0,"{name}",8883,2') == ["OK"]
        assert port.line() == f"+CCHOPEN: 0,{code}"
        if code:
            return
        prompted(port, "AT+CCHSEND=0", DATA)
        assert {port.line() for _ in range(3)} == {
            "OK", "+CCHSEND: 0,0", "+CCHEVENT: 0,RECV EVENT"}
        assert port.ask("AT+CCHRECV?") == ["+CCHRECV: LEN,256,0", "OK"]
        assert port.ask("AT+CCHRECV=0,1024") == ["OK"]
        assert port.line() == "+CCHRECV: DATA,0,256"
        assert port.exactly(256) == DATA and port.line() == "+CCHRECV: 0,0"
        server.cut()
        assert port.line() == "+CCH_PEER_CLOSED: 0"
        assert port.ask("AT+CCHCLOSE=0") == ["OK"] and port.line() == "+CCHCLOSE: 0,0"


@pytest.mark.parametrize(("part", "first"), [("SIM7080", ""), ("SIM7070", "0,")])
def test_sim7080(server: EchoServer, part: str, first: str) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}", family="sim7080",
                      part=part) as modem, Port(modem.pty) as port:
        started(modem, port)
        assert port.ask(f'AT+CAOPEN=0,0,"TCP","{NAME}",1883') == ["+CAOPEN: 0,21", "OK"]
        assert port.ask('AT+CNCFG=0,1,"apn"') == ["OK"]
        assert port.ask("AT+CNACT=0,1") == ["OK"] and port.line() == "+APP PDP: 0,ACTIVE"
        assert port.ask(f'AT+CAOPEN=0,0,"TCP","{NAME}",1883') == ["+CAOPEN: 0,0", "OK"]
        prompted(port, "AT+CASEND=0", DATA)
        assert port.line() == "OK" and port.line() == "+CADATAIND: 0"
        port.write(b"AT+CARECV=0,1000\r")
        head = f"\r\n+CARECV: {first}256,".encode()
        assert port.exactly(len(head)) == head
        assert port.exactly(256) == DATA and port.line() == "OK"
        assert port.ask("AT+CARECV=0,1000") == [f"+CARECV: {first}0", "OK"]
        server.cut()
        assert port.line() == "+CASTATE: 0,0"
        assert port.ask("AT+CASEND=0,4") == ["ERROR"]
        assert port.ask("AT+CACLOSE=0") == ["OK"] and port.ask("AT+CACLOSE=0") == ["ERROR"]


@pytest.mark.parametrize(("name", "code"), [(NAME, 0), ("wrong.test", 26)])
def test_sim7080_tls(tmp_path: Path, name: str, code: int) -> None:
    authority = Authority()
    with EchoServer(server_context(authority.issue(NAME), tmp_path)) as server, ModemProcess(
            "--host", f"{name}={server.port}", family="sim7080") as modem, Port(
            modem.pty) as port:
        started(modem, port)
        assert port.ask("AT+CFSINIT") == ["OK"]
        port.write(f'AT+CFSWFILE=3,"ca.pem",0,{len(authority.pem)},5000\r'.encode())
        port.until(b"DOWNLOAD\r\n")
        port.write(authority.pem)
        assert port.line() == "OK"
        for command in (
                "AT+CFSTERM", 'AT+CSSLCFG="sslversion",0,3', 'AT+CSSLCFG="convert",2,"ca.pem"',
                'AT+CASSLCFG=0,"SSL",1', 'AT+CASSLCFG=0,"CRINDEX",0',
                'AT+CASSLCFG=0,"CACERT","ca.pem"', f'AT+CASSLCFG=0,"SNI","{name}"',
                "AT+CNACT=0,1"):
            assert port.ask(command)[-1] == "OK", command
        port.line()
        assert port.ask(f'AT+CAOPEN=0,0,"TCP","{name}",8883') == [f"+CAOPEN: 0,{code}", "OK"]
        if not code:
            prompted(port, "AT+CASEND=0", b"secret")
            assert port.line() == "OK" and port.line() == "+CADATAIND: 0"


def test_sim7020_hex(server: EchoServer) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}", family="sim7020") as modem, Port(
            modem.pty) as port:
        started(modem, port)
        assert port.ask('AT*MCGDEFCONT="IP","apn"') == ["+CME ERROR: 3"]
        for command in ("AT+CFUN=0", 'AT*MCGDEFCONT="IP","apn"', "AT+CFUN=1"):
            assert port.ask(command) == ["OK"]
        time.sleep(0.3)
        found = port.ask(f'AT+CDNSGIP="{NAME}"')
        assert found == [f'+CDNSGIP: 1,"{NAME}","10.64.0.1"', "OK"]
        assert port.ask("AT+CSOC=1,1,1") == ["+CSOC: 0", "OK"]
        assert port.ask(f'AT+CSOCON=0,1883,"{NAME}"') == ["+CME ERROR: 50"]
        assert port.ask('AT+CSOCON=0,1883,"10.64.0.1"') == ["OK"]
        assert port.ask("AT+CSOSENDFLAG=1") == ["OK"]
        assert port.ask(f"AT+CSOSEND=0,512,{DATA.hex()}") == ["OK"]
        assert {port.line(), port.line()} == {
            "DATA ACCEPT: 256", f"+CSONMI: 0,512,{DATA.hex().upper()}"}
        assert port.ask("AT+CSOSEND=0,3,ABC") == ["+CME ERROR: 50"]
        assert port.ask("AT+CSOSEND=0,2,ABCD") == ["+CME ERROR: 50"]
        assert port.ask('AT+CSOSEND=0,0,"hi"') == ["OK"]
        assert {port.line(), port.line()} == {"DATA ACCEPT: 2", "+CSONMI: 0,4,6869"}
        server.cut()
        assert port.line() == "+CSOERR: 0,-1"
        assert port.ask("AT+CSOSEND=0,2,AB") == ["+CME ERROR: 3"]
        assert port.ask("AT+CSOCL=0") == ["OK"]


def test_bc95_hex(server: EchoServer) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}", family="bc95") as modem, Port(
            modem.pty) as port:
        started(modem, port)
        assert port.ask("AT+CEREG?") == ["+CEREG:0,1", "OK"]
        assert port.ask("AT+CMGF=1") == ["ERROR"]
        assert port.ask(f'AT+QDNS=0,"{NAME}"') == ["OK"] and port.line() == "+QDNS:10.64.0.1"
        assert port.ask('AT+NSOCR="STREAM",6,0,1') == ["1", "OK"]
        assert port.ask("AT+NSOCO=1,10.64.0.1,1883") == ["OK"]
        assert port.ask(f"AT+NSOSD=1,256,{DATA.hex()}") == ["1,256", "OK"]
        assert port.line() == "+NSONMI:1,256"
        assert port.ask("AT+NSORF=1,200") == [
            f"1,10.64.0.1,1883,200,{DATA[:200].hex().upper()},56", "OK"]
        assert port.ask("AT+NSORF=1,200")[0].endswith(f",56,{DATA[200:].hex().upper()},0")
        assert port.ask("AT+NSORF=1,200") == ["OK"]
        assert port.ask("AT+NSOSD=1,3,ABCD") == ["+CME ERROR: 50"]
        server.cut()
        assert port.line() == "+NSOCLI:1"
        assert port.ask("AT+NSOCL=1") == ["OK"]
        port.write(b"AT+NRB\r")
        assert [port.line() for _ in range(4)] == [
            "REBOOTING", "REBOOT_CAUSE_UNKNOWN", "Neul", "OK"]


@pytest.mark.parametrize("family", ["simcom", "sim7080", "sim7020", "bc95"])
def test_a_socket_outlives_neither_reset_nor_coverage(
    server: EchoServer, family: str
) -> None:
    with ModemProcess("--host", f"{NAME}={server.port}", family=family) as modem, Port(
            modem.pty) as port:
        started(modem, port)
        opening = {
            "simcom": ("AT+NETOPEN", f'AT+CIPOPEN=1,"TCP","{NAME}",1'),
            "sim7080": ("AT+CNACT=0,1", f'AT+CAOPEN=1,0,"TCP","{NAME}",1'),
            "sim7020": ("AT+CSOC=1,1,1", 'AT+CSOCON=0,1,"10.64.0.1"'),
            "bc95": ('AT+NSOCR="STREAM",6,0,1', "AT+NSOCO=1,10.64.0.1,1"),
        }[family]
        for _ in range(2):
            for command in opening:
                assert port.ask(command)[-1] == "OK", command
                port.quiet(0.1)
            assert len(modem.tell(sockets=True)["sockets"]) == 1
            if _:
                modem.fault("registration_lost", ms=100)
            else:
                modem.tell(reset=True)
            port.quiet(0.4)
            assert not modem.tell(sockets=True)["sockets"]
            port.ask("ATE0")
        assert not server.ended


def joined(modem: ModemProcess, port: Port) -> None:
    assert port.ask("AT+JOIN=1:0:10:8") == ["OK"]
    assert port.line() == "+EVT:JOINED"


def test_lorawan_joins_sends_and_receives() -> None:
    ends = ("AT_NO_NETWORK_JOINED", "AT_PARAM_ERROR", "AT_BUSY_ERROR", "AT_ERROR")
    with ModemProcess("--delay", "100", family="rak3172") as modem, Port(modem.pty) as port:
        modem.wait_for("out", "LoRaWAN.")
        port.quiet(0.05)
        assert port.ask("AT+DEVEUI=ac1f09fffe00abcd") == ["OK"]
        assert port.ask("AT+DEVEUI=?") == ["AT+DEVEUI=AC1F09FFFE00ABCD", "OK"]
        assert port.ask("AT+DEVEUI=12", ends=ends) == ["AT_PARAM_ERROR"]
        assert port.ask("AT+NONESUCH", ends=ends) == ["AT_ERROR"]
        assert port.ask("AT+SEND=2:0102", ends=ends) == ["AT_NO_NETWORK_JOINED"]
        modem.tell(join=False)
        assert port.ask("AT+JOIN=1") == ["OK"]
        assert port.line() == "+EVT:JOIN_FAILED_RX_TIMEOUT"
        modem.tell(join=True)
        joined(modem, port)
        assert port.ask("AT+NJS=?") == ["AT+NJS=1", "OK"]
        assert port.ask("AT+DR=0") == ["OK"]
        assert port.ask("AT+SEND=2:" + "00" * 52, ends=ends) == ["AT_PARAM_ERROR"]
        modem.tell(downlink={"port": 10, "hex": "cafe"})
        assert port.quiet(0.2) == b""
        assert port.ask("AT+SEND=2:0a0B") == ["OK"]
        assert port.ask("AT+SEND=2:00", ends=ends) == ["AT_BUSY_ERROR"]
        assert port.line() == "+EVT:TX_DONE"
        assert port.line() == "+EVT:RX_1:-71:8:UNICAST:10:CAFE"
        assert port.ask("AT+RECV=?") == ["AT+RECV=10:CAFE", "OK"]
        assert port.ask("AT+CFM=1") == ["OK"]
        assert port.ask("AT+SEND=3:FF") == ["OK"]
        assert port.line() == "+EVT:SEND_CONFIRMED_OK"
        modem.tell(air={"reachable": False})
        assert port.ask("AT+SEND=3:EE") == ["OK"]
        assert port.line() == "+EVT:SEND_CONFIRMED_FAILED(4)"
        found = modem.tell(uplinks=True)["uplinks"]
        assert [(u["port"], u["hex"], u["confirmed"]) for u in found] == [
            (2, "0A0B", False), (3, "FF", True)]
        modem.tell(air={"reachable": True})
        assert port.ask("AT+CLASS=C") == ["OK"]
        modem.tell(downlink={"port": 10, "hex": "00"})
        assert port.line() == "+EVT:RX_C:-71:8:UNICAST:10:00"
        modem.tell(reset=True)
        port.until(b"LoRaWAN.\r\n")
        assert port.ask("AT+NJS=?") == ["AT+NJS=0", "OK"]
        assert port.ask("AT+CLASS=?") == ["AT+CLASS=C", "OK"]
