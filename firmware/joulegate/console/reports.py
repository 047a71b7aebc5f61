"""What the meter tells about itself: one dictionary a topic, ready for JSON.

Amounts and quantities are decimal texts, times "YYYY-MM-DDTHH:MM:SS" in UTC. Nothing here
changes the meter. The typed console and the host's tools show the same reports.
"""

import gc
import os
import sys
from binascii import hexlify

from joulegate.core.amounts import format_ratio
from joulegate.core.civil import format_time, time_text
from joulegate.core.supply_reasons import LIFTS, STATES, names_of, reason_names
from joulegate.storage.settings import defaults

# Events whose value is an amount in credit units.
_MONEY_EVENTS = (
    "low_credit", "credit_exhausted", "credited", "purchase_reapplied", "alarm_tripped",
    "emergency_offered", "emergency_over", "debt_set")
_INTENTS = ("none", "open", "close")
# In the meter's folder: a meter has a link when this is there.
_LINK_FILE = "link.json"


_UNITS = {
    "zone": "POSIX TZ, from the next start", "warnings": "credit units, falling",
    "warning_percents": "% of the last top-up, falling",
    "energies": "INPUT NAME PULSES/UNIT PRICE, as '1 water 100/m3 2.35'",
    "friendly_hours": "DAYS HOURS, as 'mon-fri 17:30-11:00'",
    "outputs": "OUTPUT on|off [CONDITION], as '1 on period=valley'",
    "sms_numbers": "telephone numbers that are reminded",
    "demand_minutes": "0 none, 15, 30, 60: period of demand",
    "demand_subperiods": "1, or 3, 5, 15: demand slides",
    "bus_baud": "baud of RS485, 1200 to 115200, 0 off",
}


def identity(app: object) -> dict:
    board = app.board
    return {
        "firmware": app.version, "profile": app.profile, "board": board.NAME,
        "meter_id": app.state.meter_id, "provisioned": app.state.provisioned,
        "locked": app.locked, "counts_per_kWh": app.state.counts_per_kWh,
        "unit_places": app.state.billing.tariff.unit_places if app.state.provisioned else None,
        "micropython": ".".join([str(n) for n in sys.implementation.version[:3]]),
        "platform": sys.platform, "unique_id": hexlify(board.unique_id()).decode(),
        "capabilities": board.CAPABILITIES,
    }


def status(app: object) -> dict:
    now = app.clock.now()
    metering = app.metering
    reading = metering.reading
    supply = metering.meter.supply
    gc.collect()
    report = {
        "time": format_time(now) if app.clock.valid else "",
        "uptime_s": app.clock.uptime(), "starts": app.restarts.starts,
        "safe_mode": app.restarts.safe_mode, "failure": app.failure.text,
        "provisioned": app.state.provisioned, "error": app.state.error,
        "supply": "on" if app.switch.closed else "off",
        "state": STATES[supply.state], "reasons": reason_names(supply.forbidding),
        "lifts": names_of(supply.lifts, LIFTS),
        "relay": "closed" if app.switch.closed else "open", "relay_fault": app.switch.fault,
        "V": format_ratio(reading.voltage_cV, 100, 2),
        "A": format_ratio(reading.current_mA, 1000, 3), "W": str(reading.active_W),
        "pf": format_ratio(reading.power_factor_milli, 1000, 3),
        "Hz": format_ratio(reading.frequency_cHz, 100, 2),
        "ticks": metering.ticks, "commits": app.state.ledger.sequence,
        "bus_errors": app.ic.bus_errors, "heap_free": gc.mem_free(),
        "heap_used": gc.mem_alloc(),
        "gate": app.gate.suspended if app.gate is not None else "not provisioned",
        "tick_us": {"last": app.task.last_tick_us, "longest": app.task.longest_tick_us},
    }
    billing = app.state.billing
    if billing is not None:
        document = billing.tariff.document
        report["balance"] = amount(app, app.state.account.balance)
        report["currency"] = document.currency
        report["period"] = document.periods[billing.period]
        report["season"] = document.seasons[billing.season]
        report["tier"] = billing.tier + 1
        report["tiers"] = document.tiers
        report["price"] = _price(billing)
    return report


def registers(app: object) -> dict:
    # Only here and below: seldom asked for, and a module takes memory.
    from joulegate.console import energy_reports
    return energy_reports.registers(app)


def demand(app: object) -> dict:
    from joulegate.console import energy_reports
    return energy_reports.demand(app)


def green(app: object, day: "str | None" = None) -> dict:
    from joulegate.console import energy_reports
    return energy_reports.green(app, day)


def balance(app: object) -> dict:
    billing = _billing(app)
    account = app.state.account
    statement = billing.statement()
    carried = None
    if billing.tariff.document.nets:
        carried = {name: format_ratio(counts, billing.tariff.d1, 3) for name, counts
                   in zip(billing.tariff.document.periods, billing.exports) if counts}
    return {
        "balance": amount(app, account.balance), "credits": amount(app, account.credits),
        "charges": amount(app, account.charges), "currency": billing.tariff.document.currency,
        "month_kWh": format_ratio(statement.import_counts, statement.tariff.d1, 3),
        "month_cost": format_ratio(statement.total, statement.tax_denominator, 2),
        "carried_kWh": carried,
        "debts": [amount(app, units) for units in account.debts.remaining],
        "recovered": amount(app, account.debts.recovered),
        "audit": billing.audit(),
    }


def tariff(app: object) -> dict:
    billing = _billing(app)
    document = billing.tariff.document
    following = None
    if billing.next_tariff is not None:
        following = {
            "digest": hexlify(billing.next_digest).decode(),
            "start": format_time(billing.next_start)}
    return {
        "id": document.id, "name": document.name, "currency": document.currency,
        "digest": hexlify(billing.tariff_digest).decode(), "periods": list(document.periods),
        "seasons": list(document.seasons), "tiers": document.tiers, "price": _price(billing),
        "next": following,
    }


def relay(app: object) -> dict:
    switch = app.switch
    return {
        "relay": "closed" if switch.closed else "open",
        "commanded": "closed" if app.metering.meter.supply.allowed else "open",
        "load_voltage": app.relay.load_voltage(), "intent": _INTENTS[switch.intent],
        "fault": switch.fault,
    }


def events(app: object, since: int = 0) -> dict:
    log = app.log
    if isinstance(since, bool) or not isinstance(since, int) or since < 0:
        raise ValueError("since %r: must be the number of an event, from 0" % (since,))
    found = []
    for number, when, name, value in log.since(since):
        if name in _MONEY_EVENTS and app.state.provisioned:
            value = amount(app, value)
        found.append([number, time_text(when), name, value])
    return {"events": found, "count": log.count, "discarded": log.discarded}


def settings(app: object) -> dict:
    values = app.state.settings.values
    rows = []
    rules = app.state.settings.numbers
    default = defaults(rules)
    for name in sorted(values):
        _, low, high, unit = rules.get(name, (None, None, None, ""))
        unit = _UNITS.get(name, unit)
        rows.append({"name": name, "value": values[name], "default": default[name],
                     "low": low, "high": high, "unit": unit,
                     "texts": name in ("energies", "friendly_hours", "profile_channels",
                                      "sms_numbers", "outputs")})
    return {"settings": rows}


def link(app: object) -> dict:
    """Return how the link is doing: of a meter without one the phase "none" and no more."""
    network = app.network
    if network.uplink is None and _LINK_FILE not in os.listdir(app.board.FOLDER):
        return {"phase": "none"}
    # Only here: a meter without a link has no use for it.
    from joulegate.console import link_reports
    return link_reports.link(app)


def quality(app: object) -> dict:
    """Return what has been wrong with the mains, and how its voltage was by day and month."""
    # Only here and below: few ask, and a module takes memory.
    from joulegate.console import quality_reports
    return quality_reports.quality(app)


def outputs(app: object) -> dict:
    """Return the auxiliary outputs and why they are on or off."""
    from joulegate.console import output_reports
    return output_reports.outputs(app)


def calibration(app: object, reference: "dict | None" = None) -> dict:
    """Return how calibration stands, the last measurement, and by how much of a reference that
    was wrong."""
    # Only here: a meter is calibrated once or twice in its life.
    from joulegate.console import calibration_requests
    return calibration_requests.report(app, reference)


def measure(app: object, duration_s: int = 60) -> dict:
    """Begin a measurement; it changes nothing, and the report `calibration` has it at its end."""
    from joulegate.console import calibration_requests
    return calibration_requests.measure(app, duration_s)


def energies(app: object) -> dict:
    """Return the months of energies counted by pulses; no rows where there never were any."""
    _billing(app)
    from joulegate.console import other_energies
    return other_energies.energies(app)


def tests(app: object) -> dict:
    results = app.self_test()
    return {
        "passed": all([passed for _, passed, _ in results]),
        "tests": [{"name": name, "passed": passed, "text": text}
                  for name, passed, text in results],
    }


def _billing(app: object) -> object:
    if app.state.billing is None:
        raise RuntimeError("meter: is not provisioned")
    return app.state.billing


def amount(app: object, units: int) -> str:
    """Return credit units as an amount of the account's currency."""
    places = app.state.billing.tariff.unit_places
    return format_ratio(units, 10 ** places, places)


def _price(billing: object) -> str:
    t = billing.tariff
    price = t.price(billing.season, billing.period, billing.tier)
    return format_ratio(price.amount, t.d2 * 10 ** t.unit_places, t.unit_places)
