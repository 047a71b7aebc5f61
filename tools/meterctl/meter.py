"""A meter on a line: requests out, checked answers back.

A request is one line of Python that the meter executes, `meter.call(r'JSON')`; the answer is
one line of JSON, {"ok": {...}} or {"error": "..."}.
"""

import json
from collections.abc import Callable
from typing import Any

from tools.meterctl import answers
from tools.meterctl.errors import LineError, NoMeter, Refused, clean
from tools.meterctl.line import ExecutionError, Line

UPLOAD_BYTES = 512
"""At most so many bytes of a document in one request."""

Progress = Callable[[int], object]
"""Is called with the bytes done so far."""


def request(do: str, arguments: dict[str, Any]) -> str:
    """Return the line of Python that asks for something.

    The quote inside is written \\u0027, so the JSON text stays one raw string.
    """
    text = json.dumps({"do": do, **arguments}, ensure_ascii=True, separators=(",", ":"))
    return "meter.call(r'" + text.replace("'", "\\u0027") + "')"


class Meter:
    def __init__(self, line: Line) -> None:
        self.line = line
        self.port = line.port

    def call(self, do: str, *, seconds: float | None = None, **arguments: Any) -> dict[str, Any]:
        """Ask and return the `ok` part; Refused if the meter says no, LineError else."""
        try:
            output = self.line.execute(request(do, arguments), seconds)
        except ExecutionError as e:
            if "NameError" in e.text and "meter" in e.text:
                raise NoMeter(
                    f"port {self.port}: MicroPython answers, but no meter: the firmware is not "
                    "installed or does not run; `meterctl install` installs it") from e
            raise Refused(str(e)) from e
        return self._take(do, output)

    def _take(self, do: str, output: bytes) -> dict[str, Any]:
        # A decimal number would be a mistake of the meter; its digits are kept all the same.
        try:
            answer = json.loads(output, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, dict) and len(answer) == 1:
            if isinstance(answer.get("error"), str):
                raise Refused(f"the meter refused: {clean(answer['error'])}")
            taken = answer.get("ok")
            if isinstance(taken, dict):
                wrong = answers.problem(do, taken)
                if wrong:
                    raise LineError(f"port {self.port}: answer to {wrong}")
                return taken
        shown = clean(output.decode("utf-8", "replace").strip())
        raise LineError(
            f"port {self.port}: answer to {do}: {shown[:60]!r}: must be one JSON object with "
            "ok or error; is the tool of the firmware's version?")

    def upload(self, document: bytes, progress: Progress) -> None:
        """Send a document to the meter, which keeps it until it is loaded or replaced."""
        for at in range(0, len(document), UPLOAD_BYTES):
            part = document[at:at + UPLOAD_BYTES]
            size = self.call("upload", at=at, hex=part.hex())["size"]
            if size != at + len(part):
                raise LineError(
                    f"port {self.port}: upload: {size} bytes arrived, must be {at + len(part)}")
            progress(size)

    def unit_places(self) -> int:
        """Return the decimals of the account's credit unit: those its balance is told with."""
        _, _, fraction = self.call("balance")["balance"].partition(".")
        return len(fraction)

    def settings(self) -> dict[str, dict[str, Any]]:
        """Return the settings by name."""
        return {item["name"]: item for item in self.call("settings")["settings"]}
