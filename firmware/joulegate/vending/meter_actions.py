"""What instructions do on the meter: the methods that an Executor calls.

Each is called with the time, the carrier and the instruction's fields. Money goes through the
gate alone.
"""

from micropython import const

from joulegate.core import events as event
from joulegate.core.purchase_result import USED
from joulegate.core.supply_reasons import ADMINISTRATOR, ALL_REASONS, BY_ADMINISTRATOR
from joulegate.vending.carriers import CARRIERS
from joulegate.vending.gate import Receipt
from joulegate.vending.instructions import EPOCH
from joulegate.vending.message_result import Unsupported

_REGISTERS = const(1)
_DAYS = const(2)
_DEMAND = const(3)
_DAYS_MAX = const(7)


class MeterActions:
    def __init__(self, app: object, inbox: object, lockout: object = None) -> None:
        """app: the meter's parts: state, gate, clock, metering, switch, records, commissioning,
        self_test(), and uplink if it has a link. inbox: a DocumentInbox. lockout: that of
        20-digit tokens, None if there are none."""
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

        The receipt says what the balance was, to be paid out to him, or by him if below 0, and
        then the three debts if he had any; they go with him.
        Replay marks stay, so nothing he bought can be used again.
        """
        gate = self._app.gate
        if not gate.open_for(tid):
            return self._taken(gate.clear(tid, now, carrier), carrier)
        self._app.state.billing.close_account(now)
        if self._app.state.demand is not None:
            self._app.state.reset_demand(now)
        self._orders().forget_customer()
        debts = self._app.state.account.debts.forget()
        receipt = self._taken(gate.clear(tid, now, carrier, True), carrier)
        if receipt.accepted and any(debts):
            receipt.data += debts
        return receipt

    def _taken(self, receipt: Receipt, carrier: int) -> Receipt:
        receipt = self._once(receipt, carrier, None)
        if receipt.accepted:
            receipt.data = [-receipt.units]
        return receipt

    def debt(self, now: int, carrier: int, number: int, units: int) -> list:
        """Set what a debt is from now on; return what it was."""
        app = self._app
        if not app.state.provisioned:
            raise RuntimeError("meter: is not provisioned, it has no debts")
        before = app.state.set_debt(number, units)
        app.log.add(event.DEBT_SET, now, units)
        return [before]

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

    def limits(self, now: int, carrier: int, settings: list) -> None:
        """Change several settings, all of them or none."""
        changes = {}
        for i in range(0, len(settings), 2):
            if settings[i] in changes:
                raise ValueError("setting %s: stands twice" % settings[i])
            changes[settings[i]] = settings[i + 1]
        self._app.commissioning.change_settings(changes)

    def schedule(self, now: int, carrier: int, friendly: list) -> None:
        """Set the friendly hours anew; an empty list for none."""
        self._app.commissioning.change_settings({"friendly_hours": friendly})

    def set_time(self, now: int, carrier: int, time: int) -> None:
        self._app.commissioning.set_clock(time)

    # --- supply ---------------------------------------------------------------------------

    def supply_off(self, now: int, carrier: int) -> None:
        self._order("turn_off")

    def supply_on(self, now: int, carrier: int) -> None:
        """Lift what `supply_off` did; other reasons stay."""
        self._order("turn_on")

    def supply_arm(self, now: int, carrier: int) -> None:
        if not self._app.state.supply.button:
            raise Unsupported("this meter has no button to reconnect by")
        self._order("make_ready")

    def supply_until(self, now: int, carrier: int, until: int) -> None:
        self._order("supply_until", until, now)

    def keep_power(self, now: int, carrier: int, on: bool) -> None:
        self._order("keep_power", on)

    def account_mode(
        self, now: int, carrier: int, remote: bool, limit: "int | None",
        energy: "bool | None",
    ) -> list:
        """Have the balance or a limit of the head-end's decide; return what was left of that."""
        if remote != (limit is not None):
            raise ValueError("limit %r: must be given for a remote account and no other" % limit)
        left = self._app.state.supply.left
        if remote:
            self._order("use_remote", limit, bool(energy))
        else:
            self._order("use_local")
        return [left]

    def _orders(self) -> object:
        # Only here: orders are few, and a module takes memory.
        from joulegate.core.supply_orders import SupplyOrders
        state = self._app.state
        return SupplyOrders(state.supply, state.account, state.registers)

    def _order(self, name: str, *arguments: object) -> None:
        """Give the supply an order and commit it; OSError, and it stays as it was."""
        orders = self._orders()
        before = orders.snapshot()
        getattr(orders, name)(*arguments)
        if not self._app.metering.commit():
            orders.put_back(before)
            raise OSError("the ledger could not be committed")

    def output(
        self, now: int, carrier: int, number: int, on: "bool | None", until: "int | None"
    ) -> None:
        """Have an auxiliary output on or off until then, or by its rules again."""
        outputs = self._app.watch.outputs
        if outputs is None:
            raise Unsupported("this meter has no output with rules")
        outputs.override_until(number, on, until)

    # --- looking and resetting ------------------------------------------------------------

    def read_out(
        self, now: int, carrier: int, what: int, first: "int | None", count: "int | None"
    ) -> object:
        """Return what is asked for; see docs/messages.md."""
        app = self._app
        if what == _REGISTERS:
            # Only here: seldom asked for, and a module takes memory.
            from joulegate.core.quadrants import everything
            return everything(app.state.registers)
        if what == _DEMAND:
            figures: list = self._demand().figures()
            for i in range(6, 15, 2):
                figures[i] = figures[i] + EPOCH if figures[i] > 0 else None
            return figures
        if what == _DAYS:
            return self._days(0 if first is None else first, _DAYS_MAX if count is None else count)
        reading = app.metering.reading
        supply = app.state.supply
        found = {
            0: app.switch.closed == 1, 1: supply.reasons,
            2: bool(app.switch.fault), 3: reading.voltage_cV, 4: reading.current_mA,
            5: reading.active_W, 6: app.state.ledger.sequence, 7: app.clock.valid,
            8: bool(app.gate.suspended), 9: app.state.billing.tariff_digest,
            10: supply.lifts, 11: supply.state, 12: supply.left,
        }
        debts = app.state.account.debts
        if debts.recovered or any(debts.remaining):
            found[13] = list(debts.remaining)
            found[14] = debts.recovered
        return found

    def _days(self, first: int, count: int) -> list:
        """Return the daily freezes of `count` days from `first` on that are kept."""
        if self._app.records is None:
            raise Unsupported("this meter keeps no freezes now")
        return [
            [day["day"], day["flags"]] + list(day["wh"])
            + [day["balance"], day["charges"], day["credits"]]
            for day in self._app.records.freezes.days(first, first + count - 1)
        ]

    def _demand(self) -> object:
        if self._app.state.demand is None:
            raise Unsupported("this meter measures no demand, the setting demand_minutes is 0")
        return self._app.state.demand

    def demand_reset(self, now: int, carrier: int) -> list:
        """Begin the maxima of demand anew; return those of import and export until now, in W."""
        maxima = self._demand().maxima
        self._app.state.reset_demand(now)
        self._app.metering.commit()
        return [maxima[0], maxima[2]]

    def reset_alarm(self, now: int, carrier: int, role: int) -> None:
        """Let the relay be tried again after a fault, and lift the reasons that the role may.

        Not what an administrator forbade: that takes `supply_on`. From an administrator it is
        also the word that a storage restored from a copy is to be gone on with.
        """
        app = self._app
        app.switch.forget_fault()
        if role == BY_ADMINISTRATOR:
            app.resynchronise()
        if app.state.supply.lift_for(role, ALL_REASONS & ~ADMINISTRATOR):
            app.metering.commit()

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

    # --- the uplink -----------------------------------------------------------------------

    def acknowledge(self, now: int, carrier: int, last: int, beyond: "bytes | None") -> None:
        self._uplink().acknowledge(last, beyond)

    def resend(self, now: int, carrier: int, first: int, count: int) -> None:
        self._uplink().resend(first, count)

    def send_reading(self, now: int, carrier: int) -> None:
        self._uplink().send_reading()

    def _uplink(self) -> object:
        uplink = getattr(self._app, "uplink", None)
        if uplink is None:
            raise Unsupported("this meter has no link that it sends messages by")
        return uplink
