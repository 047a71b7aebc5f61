"""A meter of the parts that a panel shows, on files in a folder, on both interpreters."""

import json

from parts import METER_ID, FakeClock, new_state, new_switch
from token_maker import KEY

from joulegate.core.civil import parse_time
from joulegate.core.reading import Reading
from joulegate.drivers.keypad import KEYS
from joulegate.panel.build import build
from joulegate.storage.record import Record
from joulegate.storage.records import Records
from joulegate.vending import lockout, sts_keys
from joulegate.vending.gate import Gate
from joulegate.vending.lockout import Lockout
from joulegate.vending.sts_keys import DecoderKey, KeyStore
from joulegate.vending.token_entry import TokenEntry
from joulegate.vending.token_reader import TokenReader

DAY_S = 86400
START = parse_time("2026-07-01T02:00:00")
"""A Wednesday, 10:00 in Beijing."""
PLACES = 5


def document(currency="CNY"):
    """Return a tariff of three periods and three tiers, made up after that of a Chinese city."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    day = [
        {"from": "00:00", "to": "07:00", "period": "valley"},
        {"from": "07:00", "to": "10:00", "period": "flat"},
        {"from": "10:00", "to": "15:00", "period": "peak"},
        {"from": "15:00", "to": "18:00", "period": "flat"},
        {"from": "18:00", "to": "21:00", "period": "peak"},
        {"from": "21:00", "to": "23:00", "period": "flat"},
        {"from": "23:00", "to": "24:00", "period": "valley"}]
    energy = {}
    for name, first, second, third in (
            ("valley", "0.3583", "0.4083", "0.6583"), ("flat", "0.5583", "0.6083", "0.8583"),
            ("peak", "0.6583", "0.7083", "0.9583")):
        energy["*/" + name] = [
            {"up_to_kWh": "240", "price": first}, {"up_to_kWh": "400", "price": second},
            {"up_to_kWh": None, "price": third}]
    return {
        "id": "panel", "currency": currency,
        "day_types": {day: "any" for day in days},
        "seasons": [{"id": "year", "months": list(range(1, 13))}],
        "periods": {"*/*": day},
        "tiers": {"window": "month", "count": "all_energy", "mode": "marginal"},
        "energy": energy, "fixed": [], "export": {"mode": "none"},
        "tax": {"rate": "0", "included_in_prices": True},
    }


class Clock(FakeClock):
    valid = True


class View:
    """Notes what it is shown, as a display would."""

    def __init__(self):
        self.shown = []
        self.blanked = self.refreshed = 0
        self.error = None

    def show(self, page):
        self.shown = [page.code, page.title, page.value, page.unit_text] + page.detail
        self.signs = page.signs

    def step(self):
        if self.error is not None:
            raise self.error
        return False

    def refresh(self):
        self.refreshed += 1

    def blank(self):
        self.blanked += 1
        self.shown = None


class Keys:
    """A keypad whose scan a test sets."""

    def __init__(self):
        self.closed = 0
        self.error = None

    def scan(self):
        if self.error is not None:
            raise self.error
        return self.closed


class Sight:
    alarms = 0


class Watch:
    def __init__(self):
        self.sight = Sight()


class Metering:
    def __init__(self, state):
        self.reading = Reading()
        self.measured = True
        self.storage_failed = False
        self.commits = 0
        self.meter = type("Meter", (), {})()
        self.meter.supply = state.supply

    def commit(self):
        self.commits += 1


class Restarts:
    safe_mode = False
    level = 0


class Link:
    connected = False


class Network:
    link = None


class Task:
    steps = 0

    def step(self):
        self.steps += 1


class Board:
    NAME = "METER_RP2040"


class Entrance:
    """The part of vending.entrance that a panel asks."""

    def __init__(self, rig):
        self._rig = rig
        self.tokens = None

    def pass_time(self, least_s):
        """Time passes with the rig's clock."""


class Rig:
    """Handed to a panel as the app."""

    version = "0.2.0"
    board = Board
    button = None

    def __init__(self, folder, currency="CNY", key=True, view=True, keypad=False, lamps=False,
                 sound=False, **settings):
        self.clock = Clock(START)
        self.state = state = new_state(folder)
        values = {"zone": "CST-8", "warnings": [1000000, 500000]}
        values.update(settings)
        self.switch = new_switch(self.clock)
        state.provision(METER_ID, json.dumps(document(currency)).encode(), PLACES, self.switch,
                        START, **values)
        self.log = state.log
        self.switch.closed = 1
        self.records = Records(folder, self.log, self.clock)
        self.records.load(state.registers, state.billing.zone, state.settings.values)
        self.gate = Gate(state.account, state.replay, state.ledger, state.journal, self.log,
                         self.records.purchases)
        self.watch = Watch()
        self.metering = Metering(state)
        self.restarts = Restarts()
        self.network = Network()
        self.task = Task()
        self.entrance = Entrance(self)
        if key:
            self._install(folder)
        state.supply.configure(state.settings.values, True, state.billing.zone,
                               state.counts_per_kWh)
        self.lit = {}
        self.sounds = []
        """(milliseconds, on) of the buzzer."""
        self.view = View() if view else None
        self.keys = Keys() if keypad else None
        self.panel = build(
            self, self.view, self.keys, self._lamps() if lamps else {},
            self._buzz if sound else None)

    def _lamps(self):
        return {name: self._lamp(name) for name in ("credit", "alarm")}

    def _lamp(self, name):
        self.lit[name] = []

        def light(on):
            self.lit[name].append((self.clock.ms, on))
            if len(self.lit[name]) > 100:
                self.lit[name].pop(0)

        return light

    def _buzz(self, on):
        self.sounds.append((self.clock.ms, on))

    def _install(self, folder):
        store = KeyStore(Record(folder + "/decoder.bin", sts_keys.MAGIC, sts_keys.VERSION,
                                sts_keys.FIELDS))
        store.replace(DecoderKey(KEY))
        tries = Lockout(Record(folder + "/lockout.bin", lockout.MAGIC, lockout.VERSION,
                               lockout.FIELDS))
        state = self.state
        self.entrance.tokens = TokenEntry(
            TokenReader(store, tries, state.replay), self.gate, state.billing, state.replay,
            state.ledger, None, self.log)
        self.entrance.tokens.start(START)

    def enter_token(self, digits, carrier):
        if self.entrance.tokens is None:
            raise RuntimeError("token: the meter has no decoder key")
        return self.entrance.tokens.enter(digits, carrier, self.clock.now())

    def credit(self, units, tid=1):
        """Have a purchase taken, and supply take note of it."""
        receipt = self.gate.credit(tid, units, self.clock.now())
        assert receipt.accepted, receipt.reason
        self.tick()

    def tick(self, counts=0):
        """Let supply decide, as a tick does, on energy of so many counts."""
        state = self.state
        now = self.clock.now()
        if counts:
            state.billing.consume(counts)
            state.registers.wh[0] += counts * 1000 // state.counts_per_kWh
        if now >= state.billing.next_edge:
            state.billing.advance(now)
        account = state.account
        if account.entered:
            account.entered = 0
            state.supply.arm(account)
        state.supply.step(now, self.clock.up, account.balance, counts)
        state.supply.warn(account.balance)
        self.switch.closed = 1 if state.supply.allowed else 0

    def pass_ms(self, ms, step=10):
        """Let time pass with a step of the panel every so many milliseconds, part of a second."""
        for _ in range(0, ms, step):
            self.clock.ms += step
            if self.clock.ms % 1000 == 0:
                self.clock.second += 1
                if self.entrance.tokens is not None:
                    self.entrance.tokens.pass_s(1, self.clock.now())
            self.panel.step()

    def pass_s(self, seconds):
        self.pass_ms(seconds * 1000, 500)

    def type(self, keys):
        """Have keys taken one after the other, and the display told."""
        for key in keys:
            if self.keys is None:
                self.panel.key(key)
                self.panel.step()
            else:
                self.keys.closed = 1 << KEYS.index(key)
                self.pass_ms(50)
                self.keys.closed = 0
                self.pass_ms(50)

    def page(self, code):
        """Show a page; return what the display shows: title, value, unit, and the details."""
        self.panel.choose(code)
        self.panel.step()
        assert self.view.shown[0] == code, self.view.shown
        return self.view.shown[1:]
