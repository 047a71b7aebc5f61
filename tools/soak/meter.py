"""The meter of a soak, in a process of its own."""

import json
import subprocess
from collections import Counter, deque
from types import TracebackType
from typing import Any, Self

from tools.bench import process

Facts = dict[str, Any]
HEAP = "8m"
"""More only makes it slower: it no longer fits into the processor's cache."""


class MeterStopped(Exception):
    """The firmware ended with an exception that is no refusal; the text is its traceback."""


class SoakMeter:
    """Commands in, facts out: see tools/bench/meter/soak_meter.py."""

    def __init__(self, second: int, meter_constant: int) -> None:
        """second: UTC since 1970."""
        self.counts: Counter[str] = Counter()
        """Flash operations, and the cuts that struck."""
        self._cuts: deque[tuple[int, bool] | None] = deque()
        command = [process.interpreter(), "-X", f"heapsize={HEAP}",
                   str(process.PROGRAMS / "soak_meter.py")]
        self._process = subprocess.Popen(
            command, env=process.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self._send({"second": second, "meter_constant": meter_constant})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def do(self, *command: Any, cut: tuple[int, bool] | None = None) -> Facts:
        """Have a command done; cut: operation of the flash at which power fails, and torn."""
        self.ask(*command, cut=cut)
        return self.answer()

    def ask(self, *command: Any, cut: tuple[int, bool] | None = None) -> None:
        """Send a command without waiting; `answer` gives the answers in their order.

        Two processes that wait for each other at every step spend their time in waiting.
        """
        self._cuts.append(cut)
        self._send({"do": command, "cut": cut})

    def answer(self) -> Facts:
        assert self._process.stdout is not None and self._process.stderr is not None
        line = self._process.stdout.readline()
        if not line.startswith("{"):
            # Not communicate(): it forgets what readline() has read ahead.
            line += self._process.stdout.read() + self._process.stderr.read()
            raise MeterStopped(line.strip())
        answer: Facts = json.loads(line)
        cut = self._cuts.popleft()
        self.counts["flash operations"] += answer["operations"]
        if cut and not answer["powered"]:
            self.counts["cuts torn" if cut[1] else "cuts whole"] += 1
        return answer

    def _send(self, value: Any) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(value) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what it had to say comes with the answer
