"""What the faults that are actions do to a modem."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tools.modem.faults import Fault
from tools.modem.state import PIN_TRIES

if TYPE_CHECKING:
    from tools.modem.family import Socket
    from tools.modem.modem import Modem

URC_PAYLOAD = '\r\n+QIURC: "closed",0\r\n+CEREG: 0\r\nRDY\r\n'
OK_PAYLOAD = "\r\nOK\r\n\r\nERROR\r\n\r\nSEND OK\r\n> "


def noise(count: int) -> bytes:
    """`count` bytes of NUL and FF by turns."""
    return (b"\x00\xff" * count)[:count]


def _chosen(modem: Modem, fault: Fault) -> list[Socket]:
    number = fault.option("conn", None)
    return [s for n, s in modem.family.sockets.items() if number is None or n == number]


def _after(modem: Modem, fault: Fault, default_ms: float, work: Callable[[], None]) -> None:
    ms = float(fault.option("ms", default_ms))
    if ms:
        asyncio.get_running_loop().call_later(ms / 1000, work)


def _split_lines(modem: Modem, fault: Fault) -> None:
    size = int(fault.option("size", 3))
    modem.terminal.split = (size, float(fault.option("ms", 5)) / 1000) if size else None


def _overrun(modem: Modem, fault: Fault) -> None:
    limit, count = int(fault.option("limit", 256)), int(fault.option("count", 8))

    def spoil(data: bytes) -> bytes:
        if len(data) <= limit:
            return data
        modem.note("lost", f"{count} bytes of a burst of {len(data)}")
        return data[:limit] + data[limit + count:]

    modem.terminal.spoil = spoil if count else None


def _payload(modem: Modem, fault: Fault) -> None:
    default = URC_PAYLOAD if fault.name == "urc_in_payload" else OK_PAYLOAD
    for socket in _chosen(modem, fault):
        socket.put(str(fault.option("text", default)).encode("latin-1"))


def _echo_back(modem: Modem, fault: Fault) -> None:
    modem.line.echo = True


def _silent_reset(modem: Modem, fault: Fault) -> None:
    modem.family.drop_sockets()
    modem.profile.clear()
    modem.settings_default()


def _reboot(modem: Modem, fault: Fault) -> None:
    modem.reboot(float(fault.option("ms", 0)))


def _hang(modem: Modem, fault: Fault) -> None:
    modem.deaf = True

    def wake() -> None:
        modem.deaf = False
    _after(modem, fault, 0, wake)


def _silent_socket(modem: Modem, fault: Fault) -> None:
    for socket in _chosen(modem, fault):
        socket.stream.silent = True
        modem.ghosts.append(socket.stream)


def _close_socket(modem: Modem, fault: Fault) -> None:
    for socket in _chosen(modem, fault):
        socket.stream.abort()
        socket.state = "closed"
        modem.family.peer_closed(socket)


def _context_lost(modem: Modem, fault: Fault) -> None:
    modem.lose_context()


def _registration_lost(modem: Modem, fault: Fault) -> None:
    modem.air.reachable = False
    modem.set_stat(int(fault.option("stat", 2)))

    def back() -> None:
        modem.air.reachable = True
        if modem.power == "on":
            modem.search()
    _after(modem, fault, 0, back)


def _sim_absent(modem: Modem, fault: Fault) -> None:
    modem.sim.absent = True
    modem.set_stat(0)

    def back() -> None:
        modem.sim.absent = False
        if modem.power == "on":
            modem.search()
    _after(modem, fault, 0, back)


def _sim_busy(modem: Modem, fault: Fault) -> None:
    modem.sim.busy_until = modem.uptime + float(fault.option("ms", 3000)) / 1000


def _pin_lock(modem: Modem, fault: Fault) -> None:
    modem.sim.pin = str(fault.option("pin", "1234"))
    modem.sim.locked = True
    modem.sim.pin_tries = int(fault.option("tries", PIN_TRIES))
    modem.set_stat(0)


def _clock_wrong(modem: Modem, fault: Fault) -> None:
    when = datetime(int(fault.option("year", 1980)), 1, 6, tzinfo=UTC)
    modem.clock.set(when, modem.uptime)


def _cfun_storm(modem: Modem, fault: Fault) -> None:
    modem.cfun_limit = int(fault.option("limit", 24))


def _noise(modem: Modem, fault: Fault) -> None:
    modem.line.raw(noise(int(fault.option("count", 16))))


def _autobaud(modem: Modem, fault: Fault) -> None:
    modem.skip_bytes = int(fault.option("count", 2))


_ACTS: dict[str, Callable[[Modem, Fault], None]] = {
    "split_lines": _split_lines, "overrun": _overrun, "urc_in_payload": _payload,
    "ok_in_payload": _payload, "echo_back": _echo_back, "silent_reset": _silent_reset,
    "reboot": _reboot, "hang": _hang, "silent_socket": _silent_socket,
    "close_socket": _close_socket, "context_lost": _context_lost,
    "registration_lost": _registration_lost, "sim_absent": _sim_absent, "sim_busy": _sim_busy,
    "pin_lock": _pin_lock, "clock_wrong": _clock_wrong, "cfun_storm": _cfun_storm,
    "noise": _noise, "autobaud": _autobaud,
}


def act(modem: Modem, fault: Fault) -> None:
    """Carry out an action."""
    _ACTS[fault.name](modem, fault)
