"""Where a live meter stands: its folder with flash and place, and the port of its console."""

import socket
from pathlib import Path
from typing import Any

from tools.bench.process import BenchError

_HOST = "127.0.0.1"


class Place:
    """Makes the folder ready; while the meter runs, STATE/console says how to reach it, and
    STATE/control its laboratory if it has one."""

    def __init__(self, state: Path, fresh: bool, port: int, control: int | None = None) -> None:
        """fresh: forget the meter that stood there. port: 0 for a free one. control: that of the
        laboratory's line, None for none."""
        state.mkdir(parents=True, exist_ok=True)
        image, place = state / "flash.bin", state / "place.json"
        if fresh:
            image.unlink(missing_ok=True)
            place.unlink(missing_ok=True)
        port = _usable(port)
        self.url = f"socket://{_HOST}:{port}"
        self.spec: dict[str, Any] = {"image": str(image), "place": str(place), "console": port}
        self._console = state / "console"
        self._control = state / "control"
        self._control_url = ""
        if control is not None:
            self.spec["control"] = _usable(control)
            self._control_url = f"socket://{_HOST}:{self.spec['control']}"

    def __enter__(self) -> "Place":
        self._console.write_text(self.url + "\n")
        if self._control_url:
            self._control.write_text(self._control_url + "\n")
        return self

    def __exit__(self, *_: object) -> None:
        self._console.unlink(missing_ok=True)
        self._control.unlink(missing_ok=True)


def _usable(port: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as e:
            raise BenchError(f"port {port}: cannot be used on this computer: {e}") from None
        found: int = probe.getsockname()[1]
        return found
