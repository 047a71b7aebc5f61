"""Where a meter can be: USB serial ports of known makers, and a bench that runs here."""

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports  # type: ignore[import-untyped]

from tools.bench.process import ROOT
from tools.meterctl.errors import BadInput, LineError

MAKERS = {
    0x2E8A: "Raspberry Pi",
    0x303A: "Espressif",
    0x10C4: "Silicon Labs CP210x",
    0x1A86: "WCH CH34x",
    0x0403: "FTDI",
}
"""USB vendor numbers of boards that run the firmware and of the bridges on them."""

BENCH_FILE = ROOT / "build" / "live" / "console"
"""Where a running bench writes the address of its meter's console."""

_URL = re.compile(r"socket://[A-Za-z0-9.-]+:[0-9]{1,5}")
_CONNECT_S = 0.5


@dataclass(frozen=True)
class Device:
    """A place where a meter may answer."""

    port: str
    kind: str
    detail: str = ""


def found() -> list[Device]:
    """Return the ports at which a meter may be, without talking to any of them."""
    devices = [
        Device(port.device, MAKERS[port.vid], f"{port.vid:04X}:{port.pid:04X}"
               + (f" {port.serial_number}" if port.serial_number else ""))
        for port in sorted(list_ports.comports(), key=lambda port: str(port.device))
        if port.vid in MAKERS
    ]
    url = bench_url(BENCH_FILE)
    if url:
        devices.append(Device(url, "bench", "the live meter of this computer"))
    return devices


def bench_url(file: Path) -> str:
    """Return the address a bench left in its file if something listens there, else ""."""
    try:
        with file.open(encoding="ascii", errors="replace") as f:
            url = f.read(200).strip()
    except OSError:
        return ""
    if not _URL.fullmatch(url):
        return ""
    host, _, number = url.removeprefix("socket://").rpartition(":")
    try:
        socket.create_connection((host, int(number)), timeout=_CONNECT_S).close()
    except (OSError, OverflowError):
        return ""
    return url


def choose(port: str | None) -> str:
    """Return the port to use: the one that was named, or the only one there is.

    BadInput if the name cannot be one or several are found; LineError if none is found.
    """
    if port is None:
        devices = found()
        if not devices:
            raise LineError(
                "no meter found: no USB serial port of a known maker and no running bench; "
                "connect the meter, or name its port with --port (`meterctl devices --all` "
                "lists every serial port)")
        if len(devices) > 1:
            raise BadInput("several devices found: " + ", ".join(
                f"{d.port} ({d.kind})" for d in devices) + "; name one with --port")
        return devices[0].port
    if "://" in port and not _URL.fullmatch(port):
        raise BadInput(f"port {port!r}: must be a device or socket://HOST:NUMBER")
    if "://" in port and int(port.rpartition(":")[2]) > 65535:
        raise BadInput(f"port {port!r}: the number must be at most 65535")
    if port.startswith("/") and not os.path.exists(port):
        raise LineError(f"port {port}: there is no such device")
    return port


def every() -> list[Device]:
    """Return all serial ports of this computer, of whatever maker."""
    return [
        Device(port.device, MAKERS.get(port.vid, "unknown"), port.description or "")
        for port in sorted(list_ports.comports(), key=lambda port: str(port.device))
    ]
