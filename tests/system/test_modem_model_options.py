"""The command line of tools.modem: what it refuses, the line's pace, links and sockets."""

import json
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.system.modem_peers import NAME, EchoServer
from tests.system.modem_process import ROOT, ModemProcess, Port
from tools.modem.families import FAMILIES

LEAVES = ("+CFUN", "+QPOWD", "+QRST", "+CPOF", "+CPOWD", "+CRESET", "+CREBOOT", "+NRB", "Z")
"""Commands that reset or switch off."""


def commands_of(family: str) -> set[str]:
    """The keys of a family's commands."""
    return {
        key for owner in FAMILIES[family].__mro__ for method in vars(owner).values()
        for key in getattr(method, "at_keys", ())}


@pytest.mark.parametrize(("options", "says"), [
    (("--host", "broker.test"), "must be NAME=PORT"), (("--host", "x=70000"), "must be NAME"),
    (("--part", "BG99"), "BG95"), (("--loss", "2"), "loss 2.0"), (("--rate", "-1"), "rate -1"),
    (("--fault", "nonesuch"), "nonesuch"), (("--fault", "reboot:soon"), "key=value"),
    (("--fault", '{"when": {}}'), "must have a fault"),
])
def test_refuses_options_that_cannot_be(options: tuple[str, ...], says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.modem", "--until-eof", *options], cwd=ROOT,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2 and says in done.stderr and not done.stdout


def test_link_and_control_by_path(tmp_path: Path) -> None:
    link, control = tmp_path / "modem", tmp_path / "control"
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.modem", "--until-eof", "--link", str(link), "--control",
         str(control)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        said = json.loads(process.stdout.readline())
        assert said == {"pty": str(link.readlink()), "control": str(control)}
        with Port(str(link)) as port:
            assert port.line() == "RDY"
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(control))
            client.sendall(b'{"quit": true}\n')
            assert client.recv(100) == b'{"ok": true}\n'
        assert process.wait(10) == 0 and not link.is_symlink()
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()


def test_a_slow_line_takes_its_time() -> None:
    with ModemProcess("--rate", "9600") as modem, Port(modem.pty) as port:
        modem.wait_for("network", "registration 1")
        port.quiet(0.3)
        begun = time.monotonic()
        port.ask("ATI")
        took = time.monotonic() - begun
        assert 0.06 < took < 0.4


def test_a_slow_air_takes_its_time() -> None:
    with EchoServer() as server, ModemProcess(
            "--host", f"{NAME}={server.port}", "--air-rate", "16000") as modem, Port(
            modem.pty) as port:
        modem.wait_for("network", "registration 1")
        port.quiet(0.05)
        for command in ("ATE0", "AT+QISDE=0", "AT+QIACT=1"):
            assert port.ask(command)[-1] == "OK"
        port.ask(f'AT+QIOPEN=1,0,"TCP","{NAME}",1,0,1')
        port.line()
        port.write(b"AT+QISEND=0,800\r")
        port.until(b"> ")
        begun = time.monotonic()
        port.write(b"x" * 800)
        port.until(b'"recv",0,800\r\n')
        assert 0.8 <= time.monotonic() - begun < 1.6


def test_a_sim_that_is_slow_to_start() -> None:
    with ModemProcess("--sim", "400") as modem, Port(modem.pty) as port:
        modem.wait_for("out", "APP RDY")
        port.quiet(0.05)
        for command in ("ATE0", "AT+CMEE=1"):
            port.ask(command)
        assert port.ask("AT+CPIN?") == ["+CME ERROR: 14"]
        assert port.ask("AT+CEREG?")[0] == "+CEREG: 0,2"
        modem.wait_for("network", "registration 1")
        assert port.ask("AT+CPIN?") == ["+CPIN: READY", "OK"]


def test_only_the_right_apn_is_accepted() -> None:
    with ModemProcess("--apn", "meters.test") as modem, Port(modem.pty) as port:
        modem.wait_for("network", "registration 1")
        port.quiet(0.05)
        for apn, result in (("internet", "ERROR"), ("meters.test", "OK")):
            assert port.ask(f'AT+QICSGP=1,1,"{apn}"')[-1] == "OK"
            assert port.ask("AT+QIACT=1")[-1] == result


def test_names_by_port_and_addresses_outside_the_table() -> None:
    with EchoServer() as one, EchoServer() as two, ModemProcess(
            "--host", f"{NAME}:1883={one.port}", "--host", f"{NAME}:8883={two.port}") as modem, (
            Port(modem.pty)) as port:
        modem.wait_for("network", "registration 1")
        port.quiet(0.05)
        for command in ("ATE0", "AT+QIACT=1"):
            assert port.ask(command)[-1] == "OK"
        for number, (host, asked, code) in enumerate((
                (NAME, 1883, 0), (NAME, 8883, 0), (NAME, 80, 565), ("192.0.2.1", 80, 566),
                ("127.0.0.1", one.port, 0))):
            port.ask(f'AT+QIOPEN=1,{number},"TCP","{host}",{asked},0,0')
            assert port.line() == f"+QIOPEN: {number},{code}"
        time.sleep(0.1)
        assert len(one.connections) == 2 and len(two.connections) == 1


@pytest.mark.parametrize("family", [
    "quectel", "simcom", "sim7080", "sim7020", "bc95", "rak3172"])
def test_nothing_that_is_sent_ends_a_model(family: str) -> None:
    """Known commands with arguments by chance, and plain noise: it still answers afterwards."""
    chance = random.Random(family)
    names = sorted(key.rstrip("?=") for key in commands_of(family))
    values = [
        "0", "1", "9", "-1", "70000", '"x"', '""', '"', "", "TCP", "DEADBEEF", ";", ":", "1:0"]
    with ModemProcess(family=family) as modem, Port(modem.pty) as port:
        modem.wait_for("network", "registration 1")
        for _ in range(250):
            name = chance.choice(names)
            if name in LEAVES or name == "D":
                continue
            tail = ",".join(chance.choice(values) for _ in range(chance.randrange(6)))
            port.write(f"AT{name}{chance.choice(['', '?', '=?', '=', '='])}{tail}\r".encode())
            port.write(b"\x1b" + b"\x00" * chance.choice((0, 0, 9)) + b"\x1a\r")
            port.quiet(0.004)
        for _ in range(20):
            port.write(chance.randbytes(100).replace(b"/", b"") + b"\x1b\x1a\r")
        port.quiet(0.3)
        modem.tell(reset=True)
        port.quiet(0.4)
        port.write(b"ATV1Q0\r")
        port.until(b"OK\r\n")
        assert modem.tell(counts=True)["counts"]["commands"] > 100
        assert not modem.errors()
