"""What instructions do on the meter: the methods that an Executor calls.

Each is called with the time, the carrier and the instruction's fields. Money goes through the
gate alone.
"""

from micropython import const

from joulegate.core.purchase_result import USED
from joulegate.vending.carriers import CARRIERS
from joulegate.vending.gate import Receipt
from joulegate.vending.message_result import Unsupported

_REGISTERS = const(1)
_DAYS = const(2)
_DAYS_MAX = const(7)


class MeterActions:
    def __init__(self, app: object, inbox: object, lockout: object = None) -> None:
        """app: the meter's parts: state, gate, clock, metering, switch, records, commissioning,
        self_test(). inbox: a DocumentInbox. lockout: that of 20-digit tokens, None if there
        are none."""
        self._app = app
        self._inbox = inbox
        self._lockout = lockout

    @property
    def balance(self) -> int:
        """Credit units."""
        return self._app.state.account.balance

    # --- money ----------------------------------------------------------------------------

    def credit(self, now: int, carrier: int, tid: int, units: int) -> Receipt:
        return self._once(self._app.gate.credit(tid, units, now, carrier), carrier, units)

    def debit(self, now: int, carrier: int, tid: int, units: int) -> Receipt:
        return self._once(self._app.gate.debit(tid, units, now, carrier), carrier, -units)

    def clear_credit(self, now: int, carrier: int, tid: int) -> Receipt:
        """The receipt says how many units were taken off."""
        return self._taken(self._app.gate.clear(tid, now, carrier), carrier)

    def close_account(self, now: int, carrier: int, tid: int) -> Receipt:
        """End a customer's account: statement, tiers anew, and a balance of 0.

        The receipt says what the balance was, to be paid out to him, or by him if below 0.
        Replay marks stay, so nothing he bought can be used again.
        """
        gate = self._app.gate
        if not gate.open_for(tid):
            return self._taken(gate.clear(tid, now, carrier), carrier)
        self._app.state.billing.close_account(now)
        return self._taken(gate.clear(tid, now, carrier, True), carrier)

    def _taken(self, receipt: Receipt, carrier: int) -> Receipt:
        receipt = self._once(receipt, carrier, None)
        if receipt.accepted:
            receipt.data = [-receipt.units]
        return receipt

    def _once(self, receipt: Receipt, carrier: int, units: "int | None") -> Receipt:
        """Return a receipt, or what was answered when the same came over this carrier before."""
        if receipt.why != USED:
            return receipt
        return self._app.gate.repeated(receipt.tid, units, carrier) or receipt

    # --- tariff, settings, time -----------------------------------------------------------

    def tariff_piece(
        self, now: int, carrier: int, digest: bytes, size: int, at: int, piece: bytes
    ) -> list:
        """Return how many bytes of the document there are now."""
        return [self._inbox.put(digest, size, at, piece)]

    def tariff_activate(self, now: int, carrier: int, digest: bytes, start: int) -> None:
        self._app.commissioning.load_tariff(self._inbox.document(digest), start)
        try:
            self._inbox.forget()
        except OSError:
            pass  # the next document takes its place

    def set_setting(self, now: int, carrier: int, name: str, value: object) -> None:
        self._app.commissioning.change_settings({name: value})

    def set_time(self, now: int, carrier: int, time: int) -> None:
        self._app.commissioning.set_clock(time)

    # --- supply ---------------------------------------------------------------------------

    def supply_off(self, now: int, carrier: int) -> None:
        self._forbid(True)

    def supply_on(self, now: int, carrier: int) -> None:
        """Lift what `supply_off` did; other reasons stay."""
        self._forbid(False)

    def supply_arm(self, now: int, carrier: int) -> None:
        raise Unsupported("this meter has no button to reconnect by")

    def supply_until(self, now: int, carrier: int, until: int) -> None:
        raise Unsupported("this firmware has no temporary supply")

    def keep_power(self, now: int, carrier: int, on: bool) -> None:
        raise Unsupported("this firmware cannot keep power without credit")

    def _forbid(self, off: bool) -> None:
        kept = self._app.state.messages
        before = bool(kept.supply_off)
        supply = self._app.metering.meter.supply
        kept.forbid(supply, off)
        if not self._app.metering.commit():
            kept.forbid(supply, before)
            raise OSError("the ledger could not be committed")

    # --- looking and resetting ------------------------------------------------------------

    def read_out(
        self, now: int, carrier: int, what: int, first: "int | None", count: "int | None"
    ) -> object:
        """Return what is asked for; see docs/messages.md."""
        app = self._app
        if what == _REGISTERS:
            return list(app.state.registers.wh)
        if what == _DAYS:
            return self._days(0 if first is None else first, _DAYS_MAX if count is None else count)
        reading = app.metering.reading
        return {
            0: app.switch.closed == 1, 1: app.metering.meter.supply.reasons,
            2: bool(app.switch.fault), 3: reading.voltage_cV, 4: reading.current_mA,
            5: reading.active_W, 6: app.state.ledger.sequence, 7: app.clock.valid,
            8: bool(app.gate.suspended), 9: app.state.billing.tariff_digest,
        }

    def _days(self, first: int, count: int) -> list:
        """Return the daily freezes of `count` days from `first` on that are kept."""
        if self._app.records is None:
            raise Unsupported("this meter keeps no freezes now")
        return [
            [day["day"], day["flags"]] + list(day["wh"])
            + [day["balance"], day["charges"], day["credits"]]
            for day in self._app.records.freezes.days(first, first + count - 1)
        ]

    def reset_alarm(self, now: int, carrier: int) -> None:
        """Let the relay be tried again after a fault."""
        self._app.switch.forget_fault()

    def reset_lock_out(self, now: int, carrier: int) -> None:
        if self._lockout is None:
            raise Unsupported("this meter takes no 20-digit tokens")
        for number in range(CARRIERS):
            self._lockout.was_good(number)

    def test(self, now: int, carrier: int) -> list:
        """Return how many parts were tested, and the failed ones as a bit set."""
        failed = count = 0
        for _, passed, _ in self._app.self_test():
            if not passed:
                failed |= 1 << count
            count += 1
        return [count, failed]

    def clear_events(self, now: int, carrier: int, event_class: int) -> None:
        app = self._app
        if app.records is None:
            raise Unsupported("this meter keeps no records now")
        app.records.events.clear(event_class, now, app.state.registers)
