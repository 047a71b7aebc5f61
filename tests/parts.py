"""Parts that tests of storage, vending and metering share: a tariff, a clock, a state."""

import json

from joulegate.core.events import EventLog

COUNTS_PER_KWH = 32000
UNIT_PLACES = 5
METER_ID = "01234567890"
NOON = 12 * 3600  # 2020-01-01


def tariff(name="flat", price="0.12345678", daily="0.01", currency="EUR"):
    """Return a document, as bytes, of one price with export, tiers and a daily charge."""
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return json.dumps({
        "id": name, "currency": currency,
        "day_types": {day: "any" for day in days},
        "seasons": [{"id": "year", "months": list(range(1, 13))}],
        "periods": {"*/*": [{"from": "00:00", "to": "24:00", "period": "all"}]},
        "tiers": {"window": "month", "count": "all_energy", "mode": "marginal"},
        "energy": {"*/*": [{"up_to_kWh": "1.5", "price": price},
                           {"up_to_kWh": None, "price": "0.3"}]},
        "fixed": [{"name": "standing", "per": "day", "amount": daily}],
        "export": {"mode": "net_billing", "prices": {"*/*": "0.05"}},
        "tax": {"rate": "0", "included_in_prices": True},
    }).encode()


class FakeClock:
    """Ticks and UTC seconds that a test sets; ticks wrap like those of the boards."""

    def __init__(self, second=NOON):
        self.ms = 0
        self.second = second

    def pass_ms(self, ms):
        self.ms += ms
        self.second += ms // 1000

    def now(self):
        return self.second

    @property
    def up(self):
        return self.ms // 1000

    def uptime(self):
        return self.ms // 1000

    def ticks_ms(self):
        return self.ms & 0x3FFFFFFF

    def ticks_diff(self, end, start):
        return (end - start + 0x20000000 & 0x3FFFFFFF) - 0x20000000


class FakeRelay:
    """A relay that moves at once when told, unless it is stuck."""

    pulse_ms = 100

    def __init__(self, sensed=True):
        self.sensed = sensed
        self.closed = False
        self.stuck = False
        self.busy = False
        self.pulses = []

    def pulse(self, close):
        if self.busy:
            raise RuntimeError("relay: a pulse is running, one at a time")
        self.pulses.append(close)
        if not self.stuck:
            self.closed = close

    def load_voltage(self):
        return self.closed if self.sensed else None


def new_switch(clock=None):
    # Here and below: many tests need neither, and on the small heap both are large.
    from joulegate.supply_switch import SupplySwitch
    return SupplySwitch(FakeRelay(), clock or FakeClock(), EventLog())


def new_state(folder, counts_per_kWh=COUNTS_PER_KWH):
    from joulegate.storage.state import State
    return State(folder, counts_per_kWh, EventLog())


def provisioned(folder, now=NOON, **settings):
    """Return a state just provisioned in an empty folder."""
    state = new_state(folder)
    state.provision(METER_ID, tariff(), UNIT_PLACES, new_switch(), now, **settings)
    return state


def event_names(log):
    return [name for _, _, name, _ in log.since(0)]


def error_text(kind, function, *arguments, **keywords):
    """Return the text of the error of this very kind that a call raises."""
    try:
        function(*arguments, **keywords)
    except kind as error:
        return str(error)
    raise AssertionError(kind.__name__ + " was not raised")
