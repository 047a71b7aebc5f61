"""What a meter costs on the air in a day: payload, MQTT, TLS, TCP and IP, keepalives.

Every message is made and sealed as the meter's are, so its length is not an estimate. Below it:
a PUBLISH of QoS 1 and its PUBACK (MQTT 3.1.1, sections 3.3 and 3.4), a TLS 1.2 record with
AES-GCM around each packet (RFC 5246, RFC 5288: 5 + 8 + 16 bytes), and TCP and IPv4 headers of
20 bytes each, for the packet, for the answer, and for the acknowledgement of the answer.
"""

from dataclasses import dataclass

from tools.uplink import bodies
from tools.vend import envelope, instructions
from tools.vend.key_file import Key

TCP_IP = 40
TLS_RECORD = 29
_METER = "01234567890"
_OWN = Key(_METER, "meter", bytes(range(4)), bytes(range(16)))
_HEAD_END = Key(_METER, "head_end", bytes(range(4, 8)), bytes(range(16)))
_NUMBER = 200_000_000
"""Of an envelope, in its seventh year."""
_UNIX = 1_800_000_000
_DAY_S = 86400
_HANDSHAKE_TLS = 3500
"""Two certificates of 256-bit curves each way, the key exchange, two Finished."""


@dataclass(frozen=True)
class Habits:
    """What a meter does in a day. Defaults: those of the settings, and a quiet household."""

    minutes: int = 15
    batch: int = 1
    keepalive_s: int = 300
    connections: int = 1
    event_messages: int = 4
    receipts: int = 1
    tls: bool = False


@dataclass(frozen=True)
class Line:
    """One kind of traffic in a day: how often, and bytes each, all headers counted."""

    name: str
    count: int
    payload: int
    each: int

    @property
    def total(self) -> int:
        return self.count * self.each


def payloads(batch: int) -> dict[str, int]:
    """The lengths of the sealed messages, by kind."""
    held = {bodies.METER: _METER, bodies.NUMBER: 40000, bodies.OLDEST: 40000}
    reading = [_UNIX, 12_345_678, 0, 2_500_000, 23012, 4310, 950, 120, 982, 5001, 1]
    following = [900, 237, 0, -7110, 23012, 4310, 950, 120, 982, 5001, 1]
    account = [_UNIX, 2600, 0, 32000, 5, bytes(8), 2_500_000, 98_000_000, 100_500_000,
               12_345_678, 0, 2_345_678, 345_678]
    made = {
        "reading": {0: 2, bodies.METER: _METER, bodies.OLDEST: 40000, bodies.NEXT: 40000,
                    bodies.ROWS: [reading] + [following] * (batch - 1)},
        "event": {0: 3, **held, bodies.WHAT: 2, bodies.FIRST: 5000,
                  bodies.ROWS: [[5000, _UNIX, 5, 2_500_000, 0, 0, 12_345_678]]},
        "freeze": {0: 4, **held, bodies.WHAT: 0, bodies.FIRST: 2600,
                   bodies.ROWS: [*account, 650_000, 0]},
        "receipt": {0: 1, 1: _UNIX, 2: bytes(4), 3: _NUMBER, 4: 3, 5: 0, 6: 2_500_000,
                    bodies.METER: _METER, bodies.NUMBER: 40000},
        "status": {0: 5, 1: _UNIX, bodies.METER: _METER, bodies.OLDEST: 40000,
                   bodies.NEXT: 40000,
                   bodies.ROWS: ["0.1.0", 8_000_000, 1, 0, True, True, 0, False, 900_000,
                                 bytes(8), -91, 40000, 0]},
    }
    sizes = {name: len(envelope.seal(_OWN, _NUMBER, body, envelope.UP))
             for name, body in made.items()}
    acknowledge = instructions.body("acknowledge", 40000)
    sizes["acknowledge"] = len(envelope.seal(_HEAD_END, _NUMBER, acknowledge))
    return sizes


def published(payload: int, topic: str, tls: bool) -> int:
    """Bytes on the air of one message of QoS 1: PUBLISH, PUBACK, and TCP's acknowledgement."""
    rest = 2 + len(topic) + 2 + payload
    publish = 1 + (1 if rest < 128 else 2) + rest
    return publish + 4 + 3 * TCP_IP + (2 * TLS_RECORD if tls else 0)


def connected(tls: bool) -> int:
    """Bytes of one connection: TCP and TLS handshakes, CONNECT with its will, SUBSCRIBE, the
    word `online`, and the end."""
    base = f"joulegate/1/{_METER}"
    connect = 12 + 2 + len(_METER) + 2 + len(base + "/link") + 2 + len("offline")
    subscribe = 4 + 2 + len(base + "/down") + 1
    packets = connect + 4 + subscribe + 5 + published(len("online"), base + "/link", tls)
    segments = 3 + 2 * 2 + 4
    return packets + segments * TCP_IP + (_HANDSHAKE_TLS + 4 * TLS_RECORD if tls else 0)


def day(habits: Habits) -> list[Line]:
    """The traffic of a day, a line a kind."""
    sizes = payloads(habits.batch)
    readings = -(-_DAY_S // (habits.minutes * 60) // habits.batch) if habits.minutes else 0
    counts = {
        "reading": readings, "event": habits.event_messages, "freeze": 1,
        "receipt": habits.receipts, "status": habits.connections,
        # Acknowledgements of the head-end: for every burst one.
        "acknowledge": habits.event_messages + 1 + habits.receipts,
    }
    lines = []
    for name, count in counts.items():
        topic = f"joulegate/1/{_METER}/" + ("down" if name == "acknowledge" else f"up/{name}")
        lines.append(Line(name, count, sizes[name], published(sizes[name], topic, habits.tls)))
    lines.append(Line("connection", habits.connections, 0, connected(habits.tls)))
    idle = _DAY_S // habits.keepalive_s if habits.keepalive_s else 0
    # A ping is sent only when nothing else was for as long.
    pings = max(0, idle - readings) if habits.minutes * 60 * habits.batch > habits.keepalive_s \
        else 0
    lines.append(Line("keepalive", pings, 0,
                      4 + 3 * TCP_IP + (2 * TLS_RECORD if habits.tls else 0)))
    return lines


def bytes_a_day(habits: Habits | None = None) -> int:
    """Bytes on the air in a day; by default at the settings' defaults."""
    return sum(line.total for line in day(habits or Habits()))


SETS = (
    ("default", Habits()),
    ("default, TLS", Habits(tls=True)),
    ("NB-IoT: hourly readings, 6 in a message, keepalive 30 min",
     Habits(minutes=60, batch=6, keepalive_s=1800)),
    ("NB-IoT: four readings a day in one message, a connection a day",
     Habits(minutes=360, batch=4, keepalive_s=0, event_messages=2)),
)


def table() -> str:
    """A Markdown table of days."""
    names = [line.name for line in day(Habits())]
    rows = ["| bytes a day | " + " | ".join(names) + " | all |",
            "|---|" + "---:|" * (len(names) + 1)]
    for name, habits in SETS:
        lines = day(habits)
        rows.append(f"| {name} | " + " | ".join(
            f"{line.count} x {line.each}" for line in lines)
            + f" | {sum(line.total for line in lines)} |")
    return "\n".join(rows)


def overhead() -> int:
    """What a message costs beside its payload, with TLS, rounded up to tens: what the meter's
    budget counts."""
    topic = f"joulegate/1/{_METER}/up/reading"
    return -(-(published(100, topic, True) - 100) // 10) * 10
