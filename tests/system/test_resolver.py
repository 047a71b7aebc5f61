"""The name look-up of the link against a name server of a few lines, over real sockets."""

import os
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.harness.execution import MICROPYTHON, micropython, search_path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "tests" / "resolve_name.py"


def answer(question: bytes, address: str, code: int = 0) -> bytes:
    """An answer of RFC 1035 to a question: one address, or an error."""
    count = 0 if code else 1
    record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton(address)
    head = question[:2] + struct.pack("!5H", 0x8180 | code, 1, count, 0, 0)
    return head + question[12:] + (record if count else b"")


class NameServer:
    """Answers each question by a function of it and its number: packets to send back."""

    def __init__(self) -> None:
        self.answer: Callable[[bytes, int], list[bytes]] = lambda question, number: []
        self.asked: list[bytes] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            while True:
                question, where = self._socket.recvfrom(512)
                self.asked.append(question)
                for packet in self.answer(question, len(self.asked)):
                    self._socket.sendto(packet, where)
        except OSError:
            return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def server() -> Iterator[NameServer]:
    running = NameServer()
    yield running
    running.close()


def look_up(name: str, port: int) -> str:
    paths = search_path(ROOT, PROGRAM, MICROPYTHON)
    done = subprocess.run(
        [micropython(), str(PROGRAM), name, "127.0.0.1", str(port)], cwd=ROOT,
        env={**os.environ, "MICROPYPATH": ":".join(str(path) for path in paths)},
        capture_output=True, text=True, timeout=60)
    assert not done.returncode, done.stdout + done.stderr
    said, longest = done.stdout.splitlines()
    assert int(longest.split()[1]) < 100
    return said


def test_answered(server: NameServer) -> None:
    server.answer = lambda question, number: [answer(question, "192.0.2.44")]
    assert look_up("broker.example", server.port) == "192.0.2.44"


def test_one_question_lost(server: NameServer) -> None:
    server.answer = lambda question, number: (
        [answer(question, "192.0.2.44")] if number == 3 else [])
    assert look_up("broker.example", server.port) == "192.0.2.44"
    assert len({question[:2] for question in server.asked}) > 1


def test_strangers_are_passed_over(server: NameServer) -> None:
    server.answer = lambda question, number: [
        b"", b"x", bytes(512), answer(b"\0\0" + question[2:], "192.0.2.66"),
        answer(question, "192.0.2.44")]
    assert look_up("broker.example", server.port) in ("192.0.2.44",)


def test_no_such_name(server: NameServer) -> None:
    server.answer = lambda question, number: [answer(question, "0.0.0.0", 3)]
    assert look_up("broker.example", server.port) == "LinkError name server: error 3"


def test_silence(server: NameServer) -> None:
    assert "does not answer" in look_up("broker.example", server.port)
    assert len(server.asked) == 3
