"""Each fault of the modem models does what tools/modem/README.md says, seen from the pty."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.brokers import wait_until
from tests.system.modem_peers import NAME, EchoServer
from tests.system.modem_process import ModemProcess, Port

ROOT = Path(__file__).resolve().parents[2]


class Bench:
    """A modem with socket 0 open to an echo server."""

    def __init__(self, server: EchoServer, modem: ModemProcess, port: Port) -> None:
        self.server, self.modem, self.port = server, modem, port

    def send(self, data: bytes) -> None:
        """Send on socket 0 up to where the result is due."""
        self.port.write(b"AT+QISEND=0,%d\r" % len(data))
        self.port.until(b"> ")
        self.port.write(data)


def attach(port: Port, modem: ModemProcess) -> None:
    modem.wait_for("network", "registration 1")
    port.quiet(0.05)
    for command in (
            "ATE0", "AT+CMEE=1", "AT+QISDE=0", 'AT+QICSGP=1,1,"apn"', "AT+QIACT=1",
            f'AT+QIOPEN=1,0,"TCP","{NAME}",1883,0,0'):
        assert port.ask(command)[-1] == "OK", command
    assert port.line() == "+QIOPEN: 0,0"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with EchoServer() as server, ModemProcess(
            "--host", f"{NAME}={server.port}") as modem, Port(modem.pty) as port:
        attach(port, modem)
        yield Bench(server, modem, port)


def test_1_urc_between_command_and_result(bench: Bench) -> None:
    bench.modem.fault("urc_in_reply", {"match": "CSQ"}, text="+CEREG: 2")
    assert bench.port.ask("AT+CGATT?") == ["+CGATT: 1", "OK"]
    assert bench.port.ask("AT+CSQ") == ["+CSQ: 21,99", "+CEREG: 2", "OK"]
    assert bench.port.ask("AT+CSQ") == ["+CSQ: 21,99", "OK"]


@pytest.mark.parametrize("name", ["urc_in_payload", "ok_in_payload"])
def test_2_and_14_lines_that_are_payload(bench: Bench, name: str) -> None:
    bench.modem.fault(name, conn=0)
    assert bench.port.line() == '+QIURC: "recv",0'
    bench.port.write(b"AT+QIRD=0,1500\r")
    count = int(bench.port.line().removeprefix("+QIRD: "))
    data = bench.port.exactly(count)
    assert (b'+QIURC: "closed",0' if name == "urc_in_payload" else b"\r\nERROR\r\n") in data
    assert bench.port.line() == "OK"


def test_3_outcome_before_ok(bench: Bench) -> None:
    bench.modem.fault("result_first", {"match": "QIOPEN"})
    assert bench.port.ask(f'AT+QIOPEN=1,1,"TCP","{NAME}",1883,0,0') == ["+QIOPEN: 1,0", "OK"]


def test_4_lines_in_pieces(bench: Bench) -> None:
    bench.modem.fault("split_lines", size=2, ms=40)
    bench.port.write(b"AT+CSQ\r")
    assert 2 <= len(bench.port.quiet(0.07)) <= 6
    bench.port.until(b"OK\r\n")
    bench.modem.tell(clear=True)
    begun = time.monotonic()
    bench.port.ask("AT+CSQ")
    assert time.monotonic() - begun < 0.2


def test_5_echo_comes_back_and_silent_reset(bench: Bench) -> None:
    bench.modem.fault("echo_back", {"match": "CGATT"})
    bench.port.ask("AT+CGATT?")
    bench.port.write(b"AT+CSQ\r")
    assert bench.port.until(b"\r") == b"AT+CSQ\r"
    bench.port.until(b"OK\r\n")
    bench.port.ask("ATE0")
    bench.modem.fault("silent_reset")
    assert bench.port.quiet(0.2) == b""
    bench.port.write(b"AT+QISEND=0,4\r")
    assert bench.port.until(b"ERROR\r\n").startswith(b"AT+QISEND=0,4\r")


def test_6_no_prompt(bench: Bench) -> None:
    bench.modem.fault("missing_prompt")
    bench.port.write(b"AT+QISEND=0,4\r")
    assert bench.port.quiet(0.2) == b""
    bench.port.write(b"ping")
    assert bench.port.line() == "SEND OK"
    bench.port.until(b'"recv",0\r\n')
    bench.modem.fault("missing_prompt", swallow=False)
    assert bench.port.ask("AT+QISEND=0,4") == ["ERROR"]


def test_7_send_result_lost_late_or_bad(bench: Bench) -> None:
    bench.modem.fault("send_ok_lost")
    bench.send(b"one")
    assert bench.port.line() == '+QIURC: "recv",0'
    assert bench.port.quiet(0.2) == b""
    bench.modem.fault("late_result", {"match": "QISEND"}, ms=300)
    begun = time.monotonic()
    bench.send(b"two")
    assert bench.port.line() == "SEND OK" and time.monotonic() - begun >= 0.3
    bench.modem.fault("send_fail")
    bench.send(b"three")
    assert bench.port.line() == "SEND FAIL"
    assert bytes(bench.server.received) == b"onetwo"


def test_8_receive_notice_lost_but_the_bytes_are_there(bench: Bench) -> None:
    bench.modem.fault("recv_notice_lost")
    bench.send(b"hello")
    assert bench.port.line() == "SEND OK"
    assert bench.port.quiet(0.2) == b""
    assert bench.port.ask("AT+QIRD=0,0") == ["+QIRD: 5,0,5", "OK"]


def test_9_silent_socket(bench: Bench) -> None:
    bench.modem.fault("silent_socket", {"bytes": 10}, conn=0)
    bench.send(b"0123")
    bench.port.until(b'"recv",0\r\n')
    bench.send(b"456789")
    assert bench.port.line() == "SEND OK"
    assert bench.port.quiet(0.3) == b""
    assert bench.port.ask("AT+QISTATE=1,0")[0].split(",")[5] == "2"
    assert bench.port.ask("AT+QISEND=0,0")[0] == "+QISEND: 10,4,6"
    assert bytes(bench.server.received) == b"0123" and not bench.server.ended
    assert bench.port.ask("AT+QICLOSE=0") == ["OK"]
    time.sleep(0.1)
    assert not bench.server.ended


def test_10_close_notice_lost_then_a_send_fails(bench: Bench) -> None:
    bench.modem.fault("close_urc_lost")
    wait_until(lambda: bench.server.connections)
    bench.server.cut()
    wait_until(lambda: bench.port.ask("AT+QISTATE=1,0")[0].split(",")[5] == "4")
    assert bench.port.quiet(0.5) == b""
    assert bench.port.ask("AT+QISEND=0,4") == ["ERROR"]


def test_10_the_network_cuts_a_socket(bench: Bench) -> None:
    bench.modem.fault("close_socket", conn=0)
    assert bench.port.line() == '+QIURC: "closed",0'


def test_11_coverage_comes_back_but_the_context_does_not(bench: Bench) -> None:
    assert bench.port.ask("AT+CEREG=1") == ["OK"]
    bench.modem.fault("registration_lost", ms=300)
    assert bench.port.line() == "+CEREG: 2"
    assert bench.port.line() == '+QIURC: "pdpdeact",1'
    assert bench.port.line() == "+CEREG: 1"
    assert bench.port.ask("AT+QIACT?") == ["OK"]
    assert bench.port.ask(f'AT+QIOPEN=1,0,"TCP","{NAME}",1,0,0') == ["OK"]
    assert bench.port.line() == "+QIOPEN: 0,570"
    assert bench.port.ask("AT+QIACT=1") == ["OK"]
    bench.modem.fault("context_lost")
    assert bench.port.line() == '+QIURC: "pdpdeact",1'


def test_11_without_coverage_a_reset_finds_nothing_until_it_is_back(bench: Bench) -> None:
    bench.modem.fault("registration_lost")
    bench.modem.tell(reset=True)
    bench.port.quiet(0.5)
    bench.port.ask("ATE0")
    assert bench.port.ask("AT+CEREG?") == ["+CEREG: 0,2", "OK"]
    assert bench.port.ask("AT+QIACT=1") == ["ERROR"]
    bench.modem.tell(registration=1)
    assert bench.port.ask("AT+CEREG?") == ["+CEREG: 0,1", "OK"]


def test_11_the_network_denies(bench: Bench) -> None:
    bench.port.ask("AT+CEREG=2")
    bench.modem.tell(registration=3)
    assert bench.port.line() == "+CEREG: 3"
    bench.modem.tell(registration=5)
    bench.port.until(b'+CEREG: 5,"1A2B","01A2D001",7\r\n')


def test_12_reboot_in_the_middle_of_a_payload(bench: Bench) -> None:
    bench.modem.fault("reboot", {"bytes": 4}, ms=100)
    bench.send(b"ping")
    assert bench.port.line() == "RDY"
    assert bench.port.line() == "APP RDY"
    bench.port.write(b"AT+QISTATE\r")
    assert bench.port.until(b"OK\r\n").startswith(b"AT+QISTATE\r")
    assert bench.modem.tell(counts=True)["counts"]["boots"] == 2


def test_12_a_hung_modem_wakes_only_by_reset(bench: Bench) -> None:
    bench.modem.fault("hang")
    bench.port.write(b"AT\r")
    assert bench.port.quiet(0.2) == b""
    bench.modem.tell(reset=True)
    assert bench.port.line() == "RDY"


def test_13_noise_now_at_boot_and_lost_first_bytes(bench: Bench) -> None:
    bench.modem.fault("noise", count=4)
    assert bench.port.exactly(4) == b"\x00\xff\x00\xff"
    bench.modem.fault("boot_noise", count=3)
    bench.modem.tell(reset=True)
    assert bench.port.until(b"RDY\r\n").startswith(b"\x00\xff\x00\r\n")
    bench.modem.fault("no_boot_strings")
    bench.port.quiet(0.1)
    bench.modem.tell(reset=True)
    assert bench.port.quiet(0.3) == b""
    bench.port.ask("ATE0")
    bench.modem.fault("autobaud", count=2)
    bench.port.write(b"AT\r")
    assert bench.port.quiet(0.2) == b""
    assert bench.port.ask("AT") == ["OK"]


def test_15_a_burst_loses_bytes(bench: Bench) -> None:
    bench.modem.fault("overrun", limit=100, count=7)
    bench.modem.tell(inject={"conn": 0, "text": "x" * 400})
    assert bench.port.line() == '+QIURC: "recv",0'
    bench.port.write(b"AT+QIRD=0,1500\r")
    assert bench.port.quiet(0.3).count(b"x") == 393
    bench.modem.tell(inject={"conn": 0, "text": "y" * 60})
    bench.port.line()
    bench.port.write(b"AT+QIRD=0,60\r")
    assert bench.port.quiet(0.3).count(b"y") == 60


def test_16_pin_lock_counts_and_blocks() -> None:
    with ModemProcess("--pin", "4321") as modem, Port(modem.pty) as port:
        modem.wait_for("out", "APP RDY")
        port.quiet(0.05)
        for command in ("ATE0", "AT+CMEE=1"):
            port.ask(command)
        assert port.ask("AT+CPIN?") == ["+CPIN: SIM PIN", "OK"]
        assert port.ask("AT+CIMI") == ["+CME ERROR: 11"]
        assert port.ask('AT+CPIN="0000"') == ["+CME ERROR: 16"]
        assert port.ask("AT+QPINC?")[0] == '+QPINC: "SC",2,10'
        assert port.ask('AT+CPIN="0000"') == ["+CME ERROR: 16"]
        assert port.ask('AT+CPIN="0000"') == ["+CME ERROR: 12"]
        assert port.ask('AT+CPIN="4321"') == ["+CME ERROR: 12"]
        assert port.ask('AT+CPIN="12345678","1111"') == ["OK"]
        assert port.line() == "+CPIN: READY"
        modem.wait_for("network", "registration 1")
        modem.tell(reset=True)
        port.quiet(0.3)
        assert port.ask("AT+CPIN?")[-2:] == ["+CPIN: SIM PIN", "OK"]
        assert modem.tell(counts=True)["counts"]["pin"] == 5


def test_16_sim_busy_absent_and_locked_again(bench: Bench) -> None:
    bench.modem.fault("sim_busy", ms=200)
    assert bench.port.ask("AT+CPIN?") == ["+CME ERROR: 14"]
    time.sleep(0.25)
    assert bench.port.ask("AT+CPIN?") == ["+CPIN: READY", "OK"]
    bench.modem.fault("pin_lock", pin="9999", tries=1)
    assert bench.port.line() == '+QIURC: "pdpdeact",1'
    assert bench.port.ask('AT+CPIN="1"') == ["+CME ERROR: 12"]
    bench.modem.fault("sim_absent")
    assert bench.port.ask("AT+CPIN?") == ["+CME ERROR: 10"]


@pytest.mark.parametrize(("year", "shown"), [(1980, "80"), (2004, "04"), (1970, "70")])
def test_17_a_clock_of_another_age(bench: Bench, year: int, shown: str) -> None:
    bench.modem.fault("clock_wrong", year=year)
    assert bench.port.ask("AT+CCLK?")[0].startswith(f'+CCLK: "{shown}/01/06,00:00:')


def test_18_too_many_cfun_changes_are_counted_and_denied(bench: Bench) -> None:
    bench.modem.fault("cfun_storm", limit=2)
    bench.modem.tell(clear=True)
    for level in (0, 1, 4):
        assert bench.port.ask(f"AT+CFUN={level}")[-1] == "OK"
    assert bench.port.ask("AT+CFUN=1")[-1] == "OK"
    bench.modem.wait_for("network", "registration 3")
    assert bench.port.ask("AT+CEREG?")[0] == "+CEREG: 0,3"
    assert bench.modem.tell(counts=True)["counts"]["cfun"] == 4


def test_errors_and_missing_results_by_chance_are_repeatable(bench: Bench) -> None:
    seen = []
    for _ in range(2):
        bench.modem.fault(
            "error", {"probability": 0.5, "seed": 7, "times": 0, "match": "CSQ"}, code=30)
        seen.append([bench.port.ask("AT+CSQ")[-1] for _ in range(12)])
        bench.modem.tell(clear="error")
    assert seen[0] == seen[1] and set(seen[0]) == {"OK", "+CME ERROR: 30"}
    bench.modem.fault("no_result", {"commands": 1})
    assert bench.port.ask("AT") == ["OK"]
    bench.port.write(b"AT+CSQ\r")
    assert bench.port.quiet(0.2) == b""


def test_a_short_read_gives_little(bench: Bench) -> None:
    bench.modem.tell(inject={"conn": 0, "text": "abcdef"})
    bench.port.line()
    bench.modem.fault("short_read", count=2)
    bench.port.write(b"AT+QIRD=0,1500\r")
    assert bench.port.line() == "+QIRD: 2"
    assert bench.port.until(b"OK\r\n") == b"ab\r\n\r\nOK\r\n"


def test_a_command_before_the_last_result_is_noted(bench: Bench) -> None:
    bench.modem.fault("late_result", ms=100)
    bench.port.write(b"AT+CSQ\r")
    time.sleep(0.05)
    bench.port.write(b"AT\r")
    bench.port.until(b"OK\r\n")
    bench.port.until(b"OK\r\n")
    assert bench.modem.log("early")


def test_power_key_and_supply(bench: Bench) -> None:
    assert bench.port.ask("AT+QPOWD=1") == ["OK"]
    assert bench.port.line() == "POWERED DOWN"
    time.sleep(0.3)
    bench.port.write(b"AT\r")
    assert bench.port.quiet(0.1) == b""
    bench.modem.tell(power_key=100)
    assert bench.port.quiet(0.2) == b""
    bench.modem.tell(power_key=600)
    assert bench.port.line() == "RDY"
    bench.modem.tell(power="off")
    bench.port.write(b"AT\r")
    assert b"OK" not in bench.port.quiet(0.2)


@pytest.mark.parametrize(("message", "says"), [
    ({"fault": "nonesuch"}, "nonesuch"), ({"fault": "reboot", "when": {"often": 1}}, "often"),
    ({"fault": "reboot", "when": {"match": "("}}, "match"),
    ({"fault": "reboot", "when": {"probability": 2}}, "from 0 to 1"),
    ({"fault": "reboot", "when": {"commands": -1}}, "number from 0"),
    ({"nothing": 1}, "no verb"), ({"signal": 300}, "0 to 99"), ({"power": "up"}, "on or off"),
    ({"inject": {"conn": 5, "text": "x"}}, "not open"), ({"air": {"noise": 1}}, "noise"),
    ({"downlink": {"port": 1, "hex": "00"}}, "not for this family"),
])
def test_control_refuses_what_cannot_be(
    bench: Bench, message: dict[str, object], says: str
) -> None:
    with pytest.raises(AssertionError, match=re.escape(says)):
        bench.modem.tell(**message)
    assert not bench.modem.tell(faults=True)["armed"]


def test_faults_on_the_command_line() -> None:
    with ModemProcess(
            "--fault", "error:match=CSQ,times=2,code=30", "--fault",
            '{"fault": "urc_in_reply", "when": {"match": "CGATT"}, "text": "+X: 1"}',
    ) as modem, Port(modem.pty) as port:
        modem.wait_for("network", "registration 1")
        port.quiet(0.05)
        for command in ("ATE0", "AT+CMEE=1"):
            port.ask(command)
        assert [port.ask("AT+CSQ")[-1] for _ in range(3)] == [
            "+CME ERROR: 30", "+CME ERROR: 30", "OK"]
        assert port.ask("AT+CGATT?") == ["+CGATT: 1", "+X: 1", "OK"]


def test_every_fault_is_in_the_readme() -> None:
    text = (ROOT / "tools" / "modem" / "README.md").read_text("utf-8")
    with ModemProcess() as modem:
        known = modem.tell(faults=True)["known"]
    missing = [name for name in known if f"`{name}`" not in text]
    assert not missing
