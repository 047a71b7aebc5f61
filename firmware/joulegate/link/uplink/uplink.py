"""What the meter says to the head-end, when, and what becomes of it.

The link task calls `step` every second, takes what `next` offers and reports what the broker
has with `handed`. A broker's word proves only that the broker had it: events, freezes and
receipts are held, numbered, until an instruction of the head-end acknowledges their numbers,
and go out again in a new connection. Readings and status are not held: the next one says as
much. Rules: docs/uplink.md.

In safe mode, without records, nothing is held: receipts are sent once, and readings and status
as ever, so that whoever looks after the meter sees that it needs it.
"""

from binascii import crc32

from micropython import const

from joulegate.link.uplink import bodies
from joulegate.link.uplink.budget import Budget
from joulegate.link.uplink.reading_queue import ReadingQueue
from joulegate.vending.carriers import NETWORK

REQUEST_S = const(10)
"""A reading is made on request no more often than this, nor a status."""
UNHELD_MAX = const(4)
"""Receipts that wait without being held."""
_DAY_S = const(86400)
_SPREAD_S = const(60)
"""Not all meters of a network read in the same second."""

# Tokens of what is not held; a held message's is its number.
_READING = const(-1)
_STATUS = const(-2)
_RECEIPT = const(-3)


class Uplink:
    def __init__(self, app: object, held: "object | None") -> None:
        """app: the meter's parts: clock, state, metering, switch, restarts, version, and
        entrance, whose `messages` seals. held: a Held, None in safe mode."""
        self._app = app
        self.held = held
        self.readings = ReadingQueue()
        self.budget = Budget()
        self.signal: int | None = None
        """Strength of the network in dBm, set by the link task, for the status."""
        self.unheld_discarded = 0
        """Receipts that were not held and found no room, since the start."""
        self._unheld: list = []
        self._unheld_out = False
        self._connected = False
        self._status_due = True
        self._status_out = False
        self._status_s = 0
        self._want_status = False
        self._mark = 0
        self._wanted = False
        self._wanted_s = -REQUEST_S
        self._flush = False
        self._rows_out = 0
        self._discarded_before = 0
        self._reserved = 0
        self._values: dict = {}
        self._period_s = 0
        self._offset_s = 0
        self._packed = 1

    def start(self, now: int) -> None:
        """Read what is held, when all records are loaded. Never raises."""
        if self.held is not None:
            self.held.start(now)

    def _configure(self, values: object, now: int) -> None:
        self._values = values
        self._period_s = values["uplink_minutes"] * 60
        self._packed = values["uplink_batch"]
        self.budget.limit = values["uplink_budget_bytes"]
        if self._period_s:
            self._offset_s = crc32(self._app.state.meter_id.encode()) % _SPREAD_S
            self._mark = (now - self._offset_s) // self._period_s

    # --- what the link task calls -------------------------------------------------------------

    def step(self, now: int) -> None:
        """Turn what is due into messages; called every second. Never raises.

        Allocates nothing when nothing is due.
        """
        app = self._app
        service = app.entrance.messages
        if service is None or service.problem:
            return
        if app.state.settings.values is not self._values:
            self._configure(app.state.settings.values, now)
        up = app.clock.uptime()
        self.budget.pass_time(up)
        if up - self._status_s >= _DAY_S:
            self._status_s = up
            self._status_due = True
        if self._period_s and (now - self._offset_s) // self._period_s != self._mark:
            self._mark = (now - self._offset_s) // self._period_s
            self._read(now)
        if self._wanted and up - self._wanted_s >= REQUEST_S:
            self._wanted = False
            self._wanted_s = up
            self._flush = True
            self._read(now)
        if self._want_status and up - self._wanted_s >= REQUEST_S:
            self._want_status = False
            self._wanted_s = up
            self._status_due = True
        if self.held is not None and not self._reserved:
            self.held.step(now, up, self._connected)

    def _read(self, now: int) -> None:
        app = self._app
        self.readings.add(
            now, app.metering.reading, app.state.registers.wh, app.state.account.balance,
            app.switch.closed == 1, app.metering.meter.supply.reasons)

    def next(self) -> "tuple | None":
        """Return (token, topic's last part, message) of what is to go out next, None for none.

        Each is given once in a connection; `handed` says by its token that the broker has it.
        """
        service = self._app.entrance.messages
        if service is None or service.problem:
            return None
        try:
            found = self._next_receipt() or self._next_held(service) or self._next_other(service)
        except (OSError, RuntimeError):
            return None  # no number could be leased: another time
        if found is not None:
            self.budget.spend(len(found[2]))
        return found

    def _next_receipt(self) -> "tuple | None":
        if not self._unheld or self._unheld_out or not self.budget.allows(True):
            return None
        self._unheld_out = True
        return _RECEIPT, bodies.SUFFIXES[1], self._unheld[0]

    def _next_held(self, service: object) -> "tuple | None":
        if self.held is None:
            return None
        return self.held.next(service, self._app.clock.uptime(), self.budget)

    def _next_other(self, service: object) -> "tuple | None":
        if not self.budget.allows(False):
            return None
        if self._status_due:
            message = service.seal(self._status())
            self._status_due = False
            self._status_out = True
            return _STATUS, bodies.SUFFIXES[bodies.STATUS], message
        readings = self.readings
        if self._rows_out or readings.count < (1 if self._flush else self._packed):
            return None
        rows = readings.packed()
        body = self._body(bodies.READING)
        body[bodies.ROWS] = rows
        if readings.discarded:
            body[bodies.READINGS_DISCARDED] = readings.discarded
        message = service.seal(body)
        self._rows_out = len(rows)
        self._discarded_before = readings.discarded
        self._flush = self._flush and len(rows) < readings.count
        return _READING, bodies.SUFFIXES[bodies.READING], message

    def handed(self, token: int) -> None:
        """Note that the broker has acknowledged what `next` gave with this token."""
        if token > 0:
            self.held.handed(token)
        elif token == _READING:
            readings = self.readings
            gone = readings.discarded - self._discarded_before
            readings.take(max(0, self._rows_out - gone))
            self._rows_out = 0
        elif token == _STATUS:
            self._status_out = False
        elif self._unheld_out:
            self._unheld_out = False
            self._unheld.pop(0)

    def restart(self) -> None:
        """Begin a new connection: what the broker has not confirmed goes out again at once,
        what the head-end has not acknowledged some minutes after it went out last."""
        if self.held is not None:
            self.held.restart()
        self._flush = self._flush or self._rows_out > 0
        self._rows_out = 0
        self._unheld_out = False
        self._status_due = self._status_due or self._status_out
        self._status_out = False

    def connected(self, up: bool) -> None:
        """Note whether there is a session. Its beginning is told with a status."""
        if up and not self._connected:
            self._status_due = True
        self._connected = up

    # --- receipts -----------------------------------------------------------------------------

    def receipt_number(self, carrier: int, fresh: bool) -> "int | None":
        """Return the number to be sealed in the receipt that is made next, None for none.

        fresh: its message has just made the meter do something. Nothing else is put into the
        outbox until `receipt` has been called, with None when there is none after all.
        """
        if carrier != NETWORK or self.held is None:
            return None
        self._reserved = 0
        number = self.held.receipt_number(self._app.clock.now(), fresh)
        if number is not None:
            self._reserved = number
        return number

    def receipt(self, message: "bytes | None") -> None:
        """Take the receipt of a message that came by the network; when this returns it is on
        flash, if it is one that is held. None is none.

        OSError, and its message may not be acknowledged to the broker. A receipt that is given
        again, because its message came again, goes out again.
        """
        reserved = self._reserved
        self._reserved = 0
        if message is None:
            return
        held = self.held
        if reserved and reserved == held.outbox.next:
            held.put_receipt(message, self._app.clock.now())
        elif held is not None and held.repeats(message):
            return
        elif len(self._unheld) < UNHELD_MAX:
            self._unheld.append(message)
        else:
            self.unheld_discarded += 1

    # --- what the head-end asks; see vending/meter_actions.py ----------------------------------

    def acknowledge(self, last: int, beyond: "bytes | None") -> None:
        """Let go of what has arrived; ValueError for numbers that cannot have been given."""
        self._needed().acknowledge(last, beyond or b"")

    def resend(self, first: int, count: int) -> None:
        """Send again what is still held of these numbers, and a status that says what is."""
        self._needed().resend(first, count)
        self._want_status = True

    def send_reading(self) -> None:
        """Read at the next step and send it at once, every REQUEST_S seconds at most."""
        self._wanted = True

    def _needed(self) -> object:
        if self.held is None:
            raise ValueError("uplink: holds nothing in safe mode")
        return self.held

    # --- bodies -------------------------------------------------------------------------------

    def _body(self, code: int) -> dict:
        """Return what all messages begin with that are not held."""
        body = {bodies.CODE: code, bodies.METER: self._app.state.meter_id}
        if self.held is not None:
            outbox = self.held.outbox
            body[bodies.OLDEST] = outbox.first
            body[bodies.NEXT] = outbox.durable
            if outbox.discarded:
                body[bodies.DISCARDED] = outbox.discarded
        return body

    def _status(self) -> dict:
        app = self._app
        body = self._body(bodies.STATUS)
        body[bodies.TIME] = bodies.unix(app.clock.now())
        body[bodies.ROWS] = [
            app.version, app.clock.uptime(), app.restarts.cause, app.restarts.level,
            app.clock.valid, app.switch.closed == 1, app.metering.meter.supply.reasons,
            bool(app.switch.fault), app.state.ledger.sequence, app.state.billing.tariff_digest,
            self.signal, self.budget.spent, self.unheld_discarded,
        ]
        return body
