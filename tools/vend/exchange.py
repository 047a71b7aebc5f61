"""Messages sent through a broker, and the receipts that come back.

One question of a meter is under way at a time. Its receipts are subscribed to first, and the
broker has said so before the message goes out. After a lost connection both are done again:
the same bytes count once. Whoever can publish on a meter's receipt topic can answer; only what
the meter's key proves, for the very kid and number asked, is an answer.
"""

import queue
import secrets
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tools.vend import envelope
from tools.vend.broker import Address
from tools.vend.errors import BrokerError, VendError

CONNECT_S = 15
_KEEPALIVE_S = 30
_QOS = 1
_MESSAGE_MAX = 512
_WAITING_MAX = 1000
"""Messages that wait to be looked at; what comes beyond is dropped and counted."""

Open = Callable[[bytes], dict[int, Any]]
"""Proves a receipt and returns its body; VendError."""


def down_topic(meter: str) -> str:
    """Where a meter listens."""
    return f"joulegate/1/{meter}/down"


def receipt_topic(meter: str) -> str:
    """Where a meter answers."""
    return f"joulegate/1/{meter}/up/receipt"


@dataclass(frozen=True)
class Question:
    """A message to a meter, and how its receipt is proven."""

    meter: str
    message: bytes
    open: Open
    sending: Callable[[], None] = lambda: None
    """Called before each time that the message is given to the broker."""
    tag: Any = None
    """What the asker knows it by."""


@dataclass(frozen=True)
class Reply:
    """What came of a question; `receipt` is None when nothing came in time."""

    question: Question
    receipt: dict[int, Any] | None
    seconds: float
    sent: bool
    """Whether it was given to the broker at all."""


@dataclass
class _Asked:
    """A question that is under way, and what is left of its lane."""

    question: Question
    lane: Iterator[Question]
    kid: bytes
    number: int
    since: float
    subscription: int | None = None
    sent: bool = False


def _without_delay(_client: Client, _data: Any, found: Any) -> None:
    """Packets are few and small: none waits for the acknowledgement of the one before."""
    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Exchange:
    """A connection to a broker; `with` closes it."""

    def __init__(
        self, address: Address, password: str | None = None,
        tls: ssl.SSLContext | None = None, connect_s: float = CONNECT_S,
    ) -> None:
        """Connect; BrokerError when that fails within connect_s."""
        self._address = address
        self._events: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self._asked: dict[str, _Asked] = {}
        self.ignored = 0
        """Messages on receipt topics that no key proved, or that came too many at once."""
        client = Client(CallbackAPIVersion.VERSION2, f"vend-{secrets.token_hex(8)}")
        client.connect_timeout = connect_s
        client.reconnect_delay_set(1, 5)
        if address.user:
            client.username_pw_set(address.user, password)
        if tls is not None:
            client.tls_set_context(tls)
        client.on_socket_open = _without_delay
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client
        self._connect(connect_s)

    def _connect(self, connect_s: float) -> None:
        try:
            self._client.connect(self._address.host, self._address.port, _KEEPALIVE_S)
        except (OSError, ValueError) as error:
            raise BrokerError(f"broker {self._address}: {error}; nothing was sent") from None
        self._client.loop_start()
        try:
            event = self._events.get(timeout=connect_s)
            if event[0] != "connected" or event[1].is_failure:
                raise BrokerError(f"broker {self._address}: {event[1]}; nothing was sent")
        except queue.Empty:
            self.close()
            raise BrokerError(f"broker {self._address}: no answer to CONNECT within "
                              f"{connect_s:g} s; nothing was sent") from None
        except BrokerError:
            self.close()
            raise

    def __enter__(self) -> "Exchange":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye; waits until the connection's thread has ended."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(
        self, _client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        self._events.put(("connected", reason))

    def _on_subscribe(
        self, _client: Client, _data: Any, mid: int, reasons: Any, _properties: Any
    ) -> None:
        self._events.put(("subscribed", mid, reasons))

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if len(message.payload) > _MESSAGE_MAX or self._events.qsize() >= _WAITING_MAX:
            self.ignored += 1
            return
        self._events.put(("receipt", message.topic, bytes(message.payload)))

    def ask_one(self, question: Question, wait: float) -> Reply:
        """Ask, and wait so many seconds."""
        (reply,) = self.ask([[question]], wait)
        return reply

    def tell(self, meter: str, message: bytes, wait: float) -> bool:
        """Send what has no receipt; return whether the broker took it within so many seconds."""
        info = self._client.publish(down_topic(meter), message, _QOS)
        info.wait_for_publish(wait)
        return info.is_published()

    def ask(
        self, lanes: Iterable[Iterable[Question]], wait: float, window: int = 1
    ) -> Iterator[Reply]:
        """Ask all questions, each lane in its order and as many as `window` lanes at once;
        yield what comes of each, as it comes.

        A lane is of one meter, no two of the same, and is asked for its next question when the
        reply before has been taken, so it may look at it. wait: seconds for each question.
        BrokerError when the broker refuses a topic.
        """
        waiting = iter(lanes)
        try:
            while True:
                while len(self._asked) < window:
                    lane = next(waiting, None)
                    if lane is None:
                        break
                    self._next(iter(lane))
                if not self._asked:
                    return
                for asked, receipt in self._step(wait):
                    del self._asked[asked.question.meter]
                    yield Reply(asked.question, receipt, time.monotonic() - asked.since,
                                asked.sent)
                    self._next(asked.lane, asked.question.meter)
        finally:
            self._asked.clear()

    def _next(self, lane: Iterator[Question], before: str | None = None) -> None:
        """Begin the next question of a lane; before: the meter it was of, if it is under way."""
        question = next(lane, None)
        if question is None:
            if before is not None:
                self._client.unsubscribe(receipt_topic(before))
            return
        kid, number = envelope.heading(question.message)
        asked = _Asked(question, lane, kid, number, time.monotonic())
        self._asked[question.meter] = asked
        if before is None:
            self._subscribe(asked)
        else:
            self._send(asked)

    def _subscribe(self, asked: _Asked) -> None:
        _, asked.subscription = self._client.subscribe(
            receipt_topic(asked.question.meter), _QOS)

    def _send(self, asked: _Asked) -> None:
        asked.question.sending()
        asked.sent = True
        self._client.publish(down_topic(asked.question.meter), asked.question.message, _QOS)

    def _step(self, wait: float) -> Iterator[tuple[_Asked, dict[int, Any] | None]]:
        """Wait for one thing to happen; yield questions that are over."""
        first = min(asked.since for asked in self._asked.values())
        try:
            event = self._events.get(timeout=max(0.0, first + wait - time.monotonic()))
        except queue.Empty:
            pass
        else:
            if event[0] == "connected":
                self._connected(event[1])
            elif event[0] == "subscribed":
                self._subscribed(event[1], event[2])
            else:
                found = self._receipt(event[1], event[2])
                if found is not None:
                    yield found
        now = time.monotonic()
        for asked in list(self._asked.values()):
            if now - asked.since >= wait:
                yield asked, None

    def _connected(self, reason: Any) -> None:
        """Begin anew after a lost connection; a broker that says no is tried again."""
        if reason.is_failure:
            return
        for asked in self._asked.values():
            self._subscribe(asked)

    def _subscribed(self, mid: int, reasons: list[Any]) -> None:
        for asked in self._asked.values():
            if asked.subscription != mid:
                continue
            if not any(reason.is_failure for reason in reasons):
                self._send(asked)
            elif not asked.sent:
                raise BrokerError(
                    f"broker {self._address}: refuses {receipt_topic(asked.question.meter)}: "
                    f"{reasons[0]}; nothing was sent to meter {asked.question.meter}")

    def _receipt(self, topic: str, payload: bytes) -> tuple[_Asked, dict[int, Any]] | None:
        """The question that a message answers, and its body; None for any other."""
        for asked in self._asked.values():
            if topic != receipt_topic(asked.question.meter):
                continue
            try:
                body = asked.question.open(payload)
            except VendError:
                self.ignored += 1
                return None
            if (body[2], body[3]) == (asked.kid, asked.number):
                return asked, body
        return None
