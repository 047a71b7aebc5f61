"""What a modem knows besides its sockets: SIM, registration, clock, message store."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

PIN_TRIES, PUK_TRIES = 3, 10


@dataclass
class Sim:
    """A SIM card. Three wrong PINs block it until the PUK; ten wrong PUKs for ever."""

    pin: str = ""
    puk: str = "12345678"
    locked: bool = False
    absent: bool = False
    busy_until: float = 0.0
    pin_tries: int = PIN_TRIES
    puk_tries: int = PUK_TRIES

    @property
    def state(self) -> str:
        """READY, SIM PIN or SIM PUK, as AT+CPIN? says."""
        if not self.pin_tries:
            return "SIM PUK"
        return "SIM PIN" if self.locked else "READY"

    @property
    def ready(self) -> bool:
        """Whether it lets the modem onto the network."""
        return not self.absent and self.state == "READY"

    def enter(self, pin: str) -> bool:
        """Try a PIN; it counts."""
        if pin != self.pin:
            self.pin_tries -= 1
            return False
        self.pin_tries, self.locked = PIN_TRIES, False
        return True

    def unblock(self, puk: str, pin: str) -> bool:
        """Try the PUK, with the PIN to be had from then on; it counts."""
        if not self.puk_tries or puk != self.puk:
            self.puk_tries = max(0, self.puk_tries - 1)
            return False
        self.pin, self.locked = pin, False
        self.pin_tries, self.puk_tries = PIN_TRIES, PUK_TRIES
        return True


@dataclass
class Registration:
    """What +CREG, +CGREG and +CEREG say. `answer` is what the network grants when asked."""

    answer: int = 1
    stat: int = 0
    tac: str = "1A2B"
    cell: str = "01A2D001"
    act: int = 7
    modes: dict[str, int] = field(
        default_factory=lambda: {"+CREG": 0, "+CGREG": 0, "+CEREG": 0})

    @property
    def data(self) -> bool:
        """Whether data may flow: home or roaming only."""
        return self.stat in (1, 5)


@dataclass
class Clock:
    """The modem's clock: `unset` years before the network tells the time, then that."""

    network_offset_s: float = 0.0
    unset: datetime = datetime(1980, 1, 6, tzinfo=UTC)
    quarters: int = 0
    daylight: int = 0
    known: bool = False
    _set_to: datetime | None = None
    _set_at: float = 0.0

    def network_now(self) -> datetime:
        """UTC of the network."""
        return datetime.now(UTC) + timedelta(seconds=self.network_offset_s)

    def zone(self) -> timezone:
        """The zone of the network."""
        return timezone(timedelta(minutes=15 * self.quarters))

    def now(self, uptime: float) -> datetime:
        """What the modem believes, in UTC; `uptime` in seconds."""
        if self._set_to is not None:
            return self._set_to + timedelta(seconds=uptime - self._set_at)
        return self.network_now() if self.known else self.unset + timedelta(seconds=uptime)

    def set(self, when: datetime, uptime: float) -> None:
        """AT+CCLK= has set it."""
        self._set_to, self._set_at = when, uptime

    def learn(self) -> None:
        """The network has told the time."""
        self.known, self._set_to = True, None

    def forget(self) -> None:
        """Power was lost."""
        self.known, self._set_to = False, None

    def sign_quarters(self) -> str:
        """The zone as +zz."""
        return f"{self.quarters:+03d}"


@dataclass
class Message:
    """A text message; `state` as AT+CMGL names it."""

    sender: str
    text: str
    when: datetime
    header: bytes = b""
    state: str = "REC UNREAD"


class SmsStore:
    """Messages by index from 1; a full store keeps later ones waiting at the centre."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.messages: dict[int, Message] = {}
        self.waiting: list[Message] = []

    def put(self, message: Message) -> int | None:
        """Store it and give its index; None when the store is full and it has to wait."""
        for index in range(1, self.size + 1):
            if index not in self.messages:
                self.messages[index] = message
                return index
        self.waiting.append(message)
        return None

    def delete(self, index: int, flag: int) -> bool:
        """Delete by AT+CMGD's index and flag 0 to 4; False for an index that cannot be."""
        if not 0 <= index <= self.size:
            return False
        kept = {
            1: ("REC UNREAD", "STO UNSENT", "STO SENT"), 2: ("REC UNREAD", "STO UNSENT"),
            3: ("REC UNREAD",), 4: (),
        }
        if not flag:
            self.messages.pop(index, None)
        else:
            self.messages = {
                i: m for i, m in self.messages.items() if m.state in kept[flag]}
        return True
