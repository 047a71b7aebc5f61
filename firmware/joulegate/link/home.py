"""What the meter tells a home: its state as JSON, and what a home automation is to make of it.

For whoever lives there, on topics of the same broker session as the head-end's. The state is
plain: nobody can prove that it came from the meter, and nothing on these topics is ever listened
to, so nothing can be commanded by them. Source of the discovery topics: Home Assistant, MQTT
integration, "MQTT Discovery". Rules: docs/home.md.
"""

import json

from micropython import const

from joulegate.core.amounts import format_ratio
from joulegate.core.civil import TIME_MIN, format_time
from joulegate.core.forecast import Forecast
from joulegate.core.supply_reasons import LIFTS, STATES, names_of, reason_names
from joulegate.link.home_documents import ALWAYS, config_topic, document

SOON_MS = const(1000)
"""Even when supply or price changes to and fro, the state goes out no more often than this."""


class Home:
    def __init__(self, app: object, settings: object, budget: "object | None" = None) -> None:
        """app: the meter's parts: clock, state, metering, switch, gate, records, board, version.
        settings: a LinkSettings. budget: that of the uplink, in which this counts as what is not
        urgent; None for no limit."""
        self._app = app
        self._settings = settings
        self._budget = budget
        self._forecast = Forecast(app)
        self._at = 0  # the next of NAMES to be announced
        self._prefix = ""  # under which they have been announced
        self._outputs = 0  # how many have been announced
        self._removing = False
        self._currency = ""
        self._sent_ms: int | None = None
        # What the last state said of supply and price.
        self._closed = self._reasons = self._control = -1
        self._season = self._period = self._tier = -1
        self._tariff: object = None
        self._on = 0

    def restart(self) -> None:
        """Begin a new connection: all is announced and told again."""
        self._at = 0
        self._sent_ms = None

    def next(self) -> "tuple | None":
        """Return (topic, payload) of what is to be published now, retained; None for nothing.

        Each is given once. Allocates nothing while nothing is due.
        """
        app = self._app
        values = self._settings.values
        outputs = self._app.watch.outputs
        count = 0 if outputs is None else outputs.control.count
        if (not values["home"] or values["home_prefix"] != self._prefix
                or count != self._outputs):
            if self._prefix:
                return self._removal()
            if not values["home"]:
                return None
            self._outputs = count
            self._prefix = values["home_prefix"]
            self.restart()
        if not app.state.provisioned:
            return None
        document_of = app.state.billing.tariff.document
        if document_of.currency != self._currency:
            self._currency = document_of.currency
            self._at = 0
        names = ALWAYS + count
        if self._at >= names and not self._due(values["home_seconds"] * 1000):
            return None
        if self._budget is not None and not self._budget.allows(False):
            return None
        found = self._document() if self._at < names else self._state()
        if self._budget is not None:
            self._budget.spend(len(found[1]))
        return found

    def _removal(self) -> tuple:
        """Take back what was announced, one by one, and the state: an empty retained message
        removes one."""
        if not self._removing:
            self._removing = True
            self._at = 0
        at = self._at
        self._at += 1
        if at < ALWAYS + self._outputs:
            return config_topic(self._prefix, self._app.state.meter_id, at), b""
        self._removing = False
        self._prefix = ""
        self._currency = ""
        return self._state_topic(), b""

    def _document(self) -> tuple:
        at = self._at
        self._at += 1
        app = self._app
        meter_id = app.state.meter_id
        return config_topic(self._prefix, meter_id, at), json.dumps(document(
            at, meter_id, self._currency, app.board.NAME, app.version)).encode()

    # --- state --------------------------------------------------------------------------------

    def _due(self, every_ms: int) -> bool:
        if self._sent_ms is None:
            return True
        clock = self._app.clock
        passed = clock.ticks_diff(clock.ticks_ms(), self._sent_ms)
        # Over half of what the ticks can count it is negative.
        if passed < 0 or passed >= every_ms:
            return True
        return passed >= SOON_MS and self._changed()

    def _changed(self) -> bool:
        app = self._app
        billing = app.state.billing
        return (
            app.switch.closed != self._closed
            or app.metering.meter.supply.forbidding != self._reasons
            or app.metering.meter.supply.state != self._control
            or billing.period != self._period or billing.tier != self._tier
            or billing.season != self._season or billing.tariff is not self._tariff
            or bool(self._outputs) and app.watch.outputs.control.on != self._on)

    def _state(self) -> tuple:
        app = self._app
        billing = app.state.billing
        self._sent_ms = app.clock.ticks_ms()
        self._closed = app.switch.closed
        self._reasons = app.metering.meter.supply.forbidding
        self._control = app.metering.meter.supply.state
        self._period = billing.period
        self._tier = billing.tier
        self._season = billing.season
        self._tariff = billing.tariff
        if self._outputs:
            self._on = app.watch.outputs.control.on
        return self._state_topic(), json.dumps(state(app, self._forecast)).encode()

    def _state_topic(self) -> bytes:
        return ("joulegate/1/%s/state" % self._app.state.meter_id).encode()


def state(app: object, forecast: Forecast) -> dict:
    """Return the state as it is told: quantities and amounts as exact decimal texts, times in
    UTC, None for what nobody knows."""
    now = app.clock.now()
    billing = app.state.billing
    tariff = billing.tariff
    reading = app.metering.reading
    supply = app.metering.meter.supply
    wh = app.state.registers.wh
    places = tariff.unit_places
    report = {
        "time": _time(now),
        "balance": format_ratio(app.state.account.balance, 10 ** places, places),
        "power": reading.active_W,
        "voltage": format_ratio(reading.voltage_cV, 100, 2),
        "current": format_ratio(reading.current_mA, 1000, 3),
        "import_kWh": format_ratio(wh[0], 1000, 3),
        "export_kWh": format_ratio(wh[1], 1000, 3),
        "price": price_text(tariff, billing.season, billing.period, billing.tier),
        "period": tariff.document.periods[billing.period],
        "season": tariff.document.seasons[billing.season],
        "tier": billing.tier + 1,
        "supply": "on" if app.switch.closed == 1 else "off",
        "state": STATES[supply.state],
        "reasons": reason_names(supply.forbidding),
        "lifts": names_of(supply.lifts, LIFTS),
        "days_left": forecast.days_left(),
        "alarms": alarms(app),
    }
    outputs = app.watch.outputs
    if outputs is not None:
        for i in range(outputs.control.count):
            report["output_%d" % (i + 1)] = "on" if outputs.control.on >> i & 1 else "off"
    change = forecast.next_change(now)
    report["next_change"] = _time(change[0]) if change else None
    report["next_period"] = tariff.document.periods[change[2]] if change else None
    report["next_price"] = price_text(
        tariff, change[1], change[2], billing.tier) if change else None
    return report


def price_text(tariff: object, season: int, period: int, tier: int) -> "str | None":
    """Return the price of a kWh with tax, exactly and with two decimals at least, None where the
    tariff has none."""
    price = tariff.price(season, period, tier)
    if price is None:
        return None
    one = tariff.d2 * 10 ** tariff.unit_places
    places = len(str(one)) - 1
    text = format_ratio(price.amount, one, places)
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    return whole + "." + fraction + "00"[len(fraction):]


def alarms(app: object) -> str:
    """Return the names of what somebody should look at, "none" for nothing."""
    found = []
    if app.metering.meter.supply.levels.warned:
        found.append("low_credit")
    if app.switch.fault:
        found.append("relay")
    if not app.clock.valid:
        found.append("clock")
    if app.gate is not None and app.gate.suspended:
        found.append("purchases")
    if app.restarts.safe_mode:
        found.append("safe_mode")
    return " ".join(found) or "none"


def _time(second: int) -> "str | None":
    return format_time(second) + "Z" if second >= TIME_MIN else None
