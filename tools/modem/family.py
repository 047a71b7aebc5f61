"""What every family of modems is made of: a table of commands, and sockets that are real."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from tools.modem.air import NetworkError, Stream
from tools.modem.command_line import AtError, Call
from tools.modem.state import Message
from tools.modem.tls import TlsSettings

if TYPE_CHECKING:
    from tools.modem.modem import Modem

FULL = 16384
"""Received bytes at which the modem closes its TCP window."""

Handler = TypeVar("Handler", bound=Callable[..., Awaitable[Any]])


def at(*keys: str) -> Callable[[Handler], Handler]:
    """Mark a method as the handler of commands: "+X" bare, "+X?" read, "+X=" set, "+X=?" test."""
    def mark(method: Handler) -> Handler:
        method.at_keys = keys  # type: ignore[attr-defined]
        return method
    return mark


@dataclass
class Part:
    """What tells the parts of one family apart."""

    name: str
    maker: str
    boot: tuple[str, ...]
    sms: bool = True
    rate: int = 115200
    storage: str = "SM"
    """The one place for messages; some parts have only ME."""
    ppp: bool = True
    """Whether it can be dialled into PPP, where the family has that."""


@dataclass
class Later:
    """A final result now and the outcome, a URC, when `then` is done."""

    then: Coroutine[Any, Any, None]
    result: str = "OK"


class Socket:
    """A socket of the modem: a stream, what came and was not read, and who was told."""

    def __init__(self, number: int, family: Family, host: str, port: int, mode: int = 0) -> None:
        self.number, self.host, self.port, self.mode = number, host, port, mode
        self.state = "opening"
        self.tls = False
        self.received = bytearray()
        self.total = 0
        self.told = False
        self._family = family
        self.stream = Stream(family.modem.air, self._on_data, self._on_close)

    def _on_data(self, data: bytes) -> None:
        self.put(data)

    def put(self, data: bytes) -> None:
        """Bytes have come from the far end."""
        self.received += data
        self.total += len(data)
        if len(self.received) >= FULL:
            self.stream.hold(True)
        self._family.data_came(self)

    def _on_close(self) -> None:
        self.state = "closed"
        self._family.peer_closed(self)

    def take(self, count: int) -> bytes:
        """Read at most `count` bytes."""
        fault = self._family.modem.faults.hit("short_read", f"read {self.number}")
        if fault is not None:
            count = min(count, int(fault.option("count", 1)))
        data = bytes(self.received[:count])
        del self.received[:count]
        if len(self.received) < FULL:
            self.stream.hold(False)
        return data


class Family:
    """A family: subclasses add commands by @at and say how sockets are spoken of."""

    parts: dict[str, Part] = {}
    whole_line: frozenset[str] = frozenset()
    """Commands that take all that follows, semicolons included."""

    def __init__(self, modem: Modem, part: Part) -> None:
        self.modem, self.part = modem, part
        self.sockets: dict[int, Socket] = {}
        self.table: dict[str, Callable[[Call], Awaitable[Any]]] = {}
        for owner in reversed(type(self).__mro__):
            for method in vars(owner).values():
                for key in getattr(method, "at_keys", ()):
                    self.table[key] = method.__get__(self)
        self.defaults()

    def defaults(self) -> None:
        """Settings as after power-up; subclasses add theirs."""

    # What a family may say differently

    def data_came(self, socket: Socket) -> None:
        """Tell the client that there is something to read, or what has come."""

    def peer_closed(self, socket: Socket) -> None:
        """Tell the client that the far end has closed."""

    def context_lost(self) -> None:
        """Tell the client that the PDP context is gone; sockets are already dead."""

    def registered(self) -> None:
        """Registration has come about."""

    def sms_came(self, message: Message) -> int | None:
        """Store a message and tell of it; its index, None if it waits or goes nowhere."""
        return None

    def psm_event(self, what: str) -> None:
        """Power saving begins ("ENTER") or ends ("EXIT")."""

    def nitz_came(self) -> None:
        """The network has told the time."""

    def control(self, said: dict[str, Any]) -> dict[str, Any]:
        """A control message that only some families know; ValueError."""
        raise ValueError(f"{sorted(said)}: not for this family")

    # Commands

    async def dispatch(self, call: Call) -> Any:
        """Carry out one command: None or "OK", another final result, "" if it was said."""
        handler = self.table.get(call.name + call.op)
        if handler is not None:
            return await handler(call)
        if call.op == "=?" and any(k.rstrip("?=") == call.name for k in self.table):
            return "OK"
        raise AtError()

    # Sockets

    async def open_socket(self, socket: Socket, tls: TlsSettings | None = None) -> None:
        """Connect; NetworkError, and the socket is forgotten."""
        self.sockets[socket.number] = socket
        socket.tls = tls is not None
        try:
            await socket.stream.connect(socket.host, socket.port, tls)
        except NetworkError as error:
            self.sockets.pop(socket.number, None)
            self.modem.note("network", f"socket {socket.number}: {error}")
            raise
        except BaseException:
            socket.stream.abort()
            raise
        socket.state = "open"

    def close_socket(self, number: int) -> Socket | None:
        """Close and forget it; None if there is none."""
        socket = self.sockets.pop(number, None)
        if socket is not None:
            socket.stream.close()
        return socket

    def drop_sockets(self) -> None:
        """All sockets are gone without a word to the far ends."""
        for socket in self.sockets.values():
            socket.stream.vanish()
            self.modem.ghosts.append(socket.stream)
        self.sockets.clear()

    async def payload(
        self, count: int | None, echo: bool, prompt: str = "> ", lead: str = "\r\n"
    ) -> bytes | None:
        """Prompt and take `count` bytes, or text up to Ctrl-Z; None: ESC."""
        modem = self.modem
        fault = modem.faults.hit("missing_prompt", modem.current)
        if fault is None:
            modem.line.raw((lead + prompt).encode())
            modem.note("prompt", prompt.strip())
        elif not fault.option("swallow", True):
            raise AtError()
        if count is None:
            return await modem.line.take_text(echo)
        return await modem.line.take(count, echo)

    def sent(self, result: str) -> str:
        """A result after a payload: it may get lost or be refused by a fault."""
        if self.modem.faults.hit("send_ok_lost", self.modem.current):
            return ""
        return result
