"""A modem model in a process of its own: its pty, its control socket, its end."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_S, ANSWER_S, END_S = 15.0, 10.0, 10.0


class ModemProcess:
    """Use it with `with`; options are those of `python -m tools.modem`.

    `pty` is the path for the client. The model ends with its standard input, so also when the
    test dies; it is otherwise asked to quit, and at last ended by its own process object.
    """

    def __init__(
        self, *options: str, family: str = "quectel", part: str = "", speed: float = 1
    ) -> None:
        command = [sys.executable, "-m", "tools.modem", "--family", family, "--until-eof",
                   "--speed", str(speed)]
        if part:
            command += ["--part", part]
        # Not with `with`: it stays open as long as the model runs.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [*command, *options], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._stderr, text=True)
        try:
            assert self._process.stdout is not None
            ready, _, _ = select.select([self._process.stdout], [], [], START_S)
            line = self._process.stdout.readline() if ready else ""
            if not line:
                raise AssertionError(
                    f"the model did not start: {' '.join(options)}: {self.errors()}")
            said = json.loads(line)
            self.pty: str = said["pty"]
            self.control_port: int = said["control"]
            self._socket = socket.create_connection(
                ("127.0.0.1", self.control_port), timeout=ANSWER_S)
            self._file = self._socket.makefile("rwb")
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> "ModemProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the model and wait for it."""
        self._file.close()
        self._socket.close()
        self._end()

    def _end(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(END_S)
        self._stderr.close()

    def errors(self) -> str:
        """What the model has written to standard error."""
        self._stderr.seek(0)
        return self._stderr.read().decode("utf-8", "replace")

    def tell(self, **message: Any) -> dict[str, Any]:
        """Send a control message and return the answer; AssertionError when it is an error."""
        self._file.write(json.dumps(message).encode() + b"\n")
        self._file.flush()
        answer = dict(json.loads(self._file.readline()))
        if "error" in answer:
            raise AssertionError(f"{message}: {answer['error']}")
        return answer

    def fault(self, name: str, when: dict[str, Any] | None = None, **options: Any) -> None:
        """Arm a fault."""
        self.tell(fault=name, when=when or {}, **options)

    def log(self, kind: str = "", since: int = 0) -> list[str]:
        """The texts of the log, of one kind or all."""
        entries = self.tell(log=True, since=since)["log"]
        return [e["text"] for e in entries if kind in ("", e["kind"])]

    def wait_for(self, kind: str, text: str, timeout_s: float = 5.0) -> None:
        """Wait until the log has an entry of `kind` that holds `text`; AssertionError."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if any(text in entry for entry in self.log(kind)):
                return
            time.sleep(0.02)
        raise AssertionError(f"no {kind} with {text!r} in {self.log()}")


class Port:
    """A plain client of the pty, written from the sheet: lines, results, counted bytes."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_NOCTTY)
        self.held = b""

    def __enter__(self) -> "Port":
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            os.close(self._file)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        os.write(self._file, data)

    def _fill(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        ready, _, _ = select.select([self._file], [], [], max(0.0, left))
        if not ready:
            raise TimeoutError(f"modem: nothing more came; held {self.held!r}")
        self.held += os.read(self._file, 4096)

    def until(self, mark: bytes, timeout_s: float = 5.0) -> bytes:
        """All up to and with `mark`; TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while mark not in self.held:
            self._fill(deadline)
        found, _, self.held = self.held.partition(mark)
        return found + mark

    def exactly(self, count: int, timeout_s: float = 5.0) -> bytes:
        """`count` bytes; TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while len(self.held) < count:
            self._fill(deadline)
        found, self.held = self.held[:count], self.held[count:]
        return found

    def quiet(self, seconds: float) -> bytes:
        """All that comes within `seconds`."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(TimeoutError):
            while True:
                self._fill(deadline)
        found, self.held = self.held, b""
        return found

    def ask(self, command: str, timeout_s: float = 5.0, ends: tuple[str, ...] = ()) -> list[str]:
        """Send a command; its lines, the final result last. TimeoutError."""
        self.write(command.encode() + b"\r")
        finals = ("OK", "ERROR", "SEND OK", "SEND FAIL", "NO CARRIER", "CONNECT", *ends)
        lines: list[str] = []
        deadline = time.monotonic() + timeout_s
        while True:
            line = self.line(max(0.0, deadline - time.monotonic()))
            if line != command:
                lines.append(line)
            if line in finals or line.startswith(("+CME ERROR", "+CMS ERROR")):
                return lines

    def line(self, timeout_s: float = 5.0) -> str:
        """The next line that is not empty; TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while True:
            text = self.until(b"\n", max(0.0, deadline - time.monotonic()))
            if text.strip():
                return text.strip().decode("latin-1")
