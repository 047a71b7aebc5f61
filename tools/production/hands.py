"""Who does what a meter cannot do itself: an operator, or a fixture that is told by lines.

A fixture is a program. It is given lines of JSON, {"do": NAME, "value": VALUE}, and answers each
by one: {"ok": VALUE}, {"unable": true} for what it has no hands for, or {"error": TEXT}. What
it is unable to do the operator is asked for. The names and values are in docs/production-test.md.
"""

import json
import os
import select
import shlex
import subprocess
import sys
import time
from typing import Any, Protocol

from tools.meterctl.errors import BadInput, clean

START_S = 60.0
ANSWER_S = 60.0
_STOP_S = 10.0
_LINE_MAX = 4096


class Unable(Exception):
    """Nobody is there who could do it; the text says what."""


class FixtureError(Exception):
    """The fixture failed or does not answer."""


class Hands(Protocol):
    """What a test asks for."""

    name: str

    def do(self, what: str, value: Any, ask: str | None) -> Any:
        """Have something done; return what it came to. Unable, FixtureError.

        ask: how an operator is asked; None for what only a fixture can do.
        """

    def wants_wait(self) -> bool:
        """Tell whether who does it needs time: an operator, not a fixture."""

    def close(self) -> None: ...


class Nobody:
    """No operator and no fixture."""

    name = "none"

    def do(self, what: str, value: Any, ask: str | None) -> Any:
        raise Unable(f"nobody is there to do it: {ask or what}")

    def wants_wait(self) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""


class Operator:
    """Somebody at the terminal, asked by a line on standard error."""

    def __init__(self, name: str) -> None:
        self.name = name

    def do(self, what: str, value: Any, ask: str | None) -> Any:
        """Ask; what ends with a question mark is answered by y or n and returned as a bool."""
        if ask is None:
            raise Unable(f"there is no fixture: {what}")
        question = ask.endswith("?")
        print(f"  {ask} [{'y/n' if question else 'Enter, or n if it cannot be'}] ",
              end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise Unable(f"nobody answers: {ask}")
        said = line.strip().lower()
        if question:
            return said in ("y", "yes")
        if said in ("n", "no"):
            raise Unable(f"the operator cannot: {ask}")
        return None

    def wants_wait(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing is open."""


class Fixture:
    """A program that moves covers, keys, source and supply; `other` does what it cannot."""

    def __init__(self, command: str, other: Hands) -> None:
        """command: as typed in a shell; no shell sees it. BadInput if it does not start."""
        try:
            words = shlex.split(command)
            # Not with `with`: it stays open as long as meters are tested.
            self._process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                start_new_session=True)  # Ctrl-C is for the tool, which closes it in order
        except (OSError, ValueError, IndexError) as e:
            raise BadInput(f"fixture {command!r}: does not start: {e}") from e
        self._other = other
        self._buffer = b""
        self._asked_other = False
        self.name = command
        try:
            found = self._ask("name", None, START_S)
        except FixtureError as e:
            self.close()
            raise BadInput(f"fixture {command!r}: {e}") from e
        if isinstance(found, str) and found:
            self.name = found[:64]

    def do(self, what: str, value: Any, ask: str | None) -> Any:
        try:
            found = self._ask(what, value, ANSWER_S)
            self._asked_other = False
            return found
        except Unable:
            self._asked_other = True
            return self._other.do(what, value, ask)

    def wants_wait(self) -> bool:
        return self._asked_other and self._other.wants_wait()

    def _ask(self, what: str, value: Any, seconds: float) -> Any:
        line = json.dumps({"do": what, "value": value}) + "\n"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except OSError as e:
            raise FixtureError(f"fixture: {what}: it has ended") from e
        try:
            answer = json.loads(self._line(what, seconds))
        except ValueError as e:
            raise FixtureError(f"fixture: {what}: what it answers is no JSON") from e
        if isinstance(answer, dict) and answer.get("unable") is True:
            raise Unable(what)
        if isinstance(answer, dict) and isinstance(answer.get("error"), str):
            raise FixtureError(f"fixture: {what}: {clean(answer['error'])[:200]}")
        if not isinstance(answer, dict) or "ok" not in answer:
            raise FixtureError(f"fixture: {what}: {clean(repr(answer))[:60]}: must be an object "
                               "with ok, unable or error")
        return answer["ok"]

    def _line(self, what: str, seconds: float) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        end = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise FixtureError(f"fixture: {what}: no answer within {seconds:g} s")
            data = os.read(descriptor, _LINE_MAX)
            if not data:
                raise FixtureError(f"fixture: {what}: it has ended")
            self._buffer += data
            if len(self._buffer) > _LINE_MAX:
                raise FixtureError(f"fixture: {what}: an answer longer than {_LINE_MAX} bytes")
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def close(self) -> None:
        """Close its input, upon which it ends; it is ended if it does not."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
