"""Commands that only look at a meter: status, registers, balance, relay, self test."""

from typing import Any

import typer

from tools.meterctl import show
from tools.meterctl.errors import REFUSED
from tools.meterctl.session import AsJson, open_meter


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show who the meter is and how it is doing."""
    with open_meter(context) as meter:
        identity = meter.call("identity")
        found = meter.call("status")
    if as_json:
        show.as_json({"identity": identity, "status": found})
        return
    show.pairs([*_who(identity), *_how(found), *_inside(found)])


def _who(identity: dict[str, Any]) -> list[tuple[str, Any]]:
    meter_id = identity["meter_id"] if identity["provisioned"] else "not provisioned"
    return [
        ("meter", meter_id),
        ("board", identity["board"]),
        ("firmware", f"{identity['firmware']}, {identity['profile']} image"
                     + (", locked" if identity["locked"] else "")),
        ("MicroPython", f"{identity['micropython']} on {identity['platform']}"),
    ]


def _how(found: dict[str, Any]) -> list[tuple[str, Any]]:
    reasons = "" if found["reasons"] == "none" else f": {found['reasons']}"
    tier = None
    if found.get("tier") is not None:
        tier = f"{found['tier']} of {found.get('tiers')}"
    return [
        ("time", f"{found['time']} UTC" if found["time"] else "not known"),
        ("running for", show.duration(found["uptime_s"])),
        ("supply", found["supply"] + reasons),
        ("relay", found["relay"] + (", FAULT" if found["relay_fault"] else "")),
        ("voltage", show.with_unit(found.get("V"), "V")),
        ("current", show.with_unit(found.get("A"), "A")),
        ("power", show.with_unit(found.get("W"), "W")),
        ("power factor", found.get("pf")),
        ("frequency", show.with_unit(found.get("Hz"), "Hz")),
        ("balance", show.with_unit(found.get("balance"), found.get("currency") or "")),
        ("price", show.with_unit(found.get("price"), f"{found.get('currency')}/kWh")),
        ("season, period", None if found.get("season") is None
         else f"{found['season']}, {found.get('period')}"),
        ("tier", tier),
    ]


def _inside(found: dict[str, Any]) -> list[tuple[str, Any]]:
    tick = found["tick_us"]
    return [
        ("error", found["error"]),
        ("credit suspended", found["gate"] if found["provisioned"] else None),
        ("ticks", f"{found['ticks']}, last {tick.get('last')} us, "
                  f"longest {tick.get('longest')} us"),
        ("commits", found["commits"]),
        ("bus errors", found["bus_errors"]),
        ("heap", f"{found['heap_used']} bytes used, {found['heap_free']} free"),
    ]


def registers(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the energy registers."""
    with open_meter(context) as meter:
        found = meter.call("registers")
    if as_json:
        show.as_json(found)
        return
    show.pairs([
        ("import", f"{found['import_kWh']} kWh"),
        ("export", f"{found['export_kWh']} kWh"),
        ("reactive import", f"{found['reactive_import_kvarh']} kvarh"),
        ("reactive export", f"{found['reactive_export_kvarh']} kvarh"),
        *((f"quadrant {name}", show.with_unit(found.get(f"quadrant_{number}_kvarh"), "kvarh"))
          for number, name in enumerate(("I", "II", "III", "IV"), 1)),
        ("apparent import", show.with_unit(found.get("apparent_import_kVAh"), "kVAh")),
        ("apparent export", show.with_unit(found.get("apparent_export_kVAh"), "kVAh")),
        ("power factor", found.get("pf")),
        ("now in quadrant", found.get("quadrant")),
        ("of the month, import", found.get("month_pf")),
        ("of the month, export", found.get("month_pf_export")),
    ])


def balance(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the account: balance, credits, charges, and this month."""
    with open_meter(context) as meter:
        found = meter.call("balance")
    if as_json:
        show.as_json(found)
        return
    currency = found["currency"]
    show.pairs([
        ("balance", f"{found['balance']} {currency}"),
        ("credits", f"{found['credits']} {currency}"),
        ("charges", f"{found['charges']} {currency}"),
        ("this month", f"{found['month_kWh']} kWh, {found['month_cost']} {currency}"),
        *carried_rows(found.get("carried_kWh")),
        ("audit", found["audit"] or "agrees"),
    ])


def carried_rows(carried: dict[str, str] | None) -> list[tuple[str, str]]:
    """Return a row for each period with netted export to draw on; none where nothing is netted."""
    if carried is None:
        return []
    return [(f"carried, {period}", f"{kWh} kWh") for period, kWh in sorted(carried.items())] or [
        ("carried", "nothing")]


def relay(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the relay: what it does, what it was told, what the load side says."""
    with open_meter(context) as meter:
        found = meter.call("relay")
    if as_json:
        show.as_json(found)
        return
    voltage = found.get("load_voltage")
    show.pairs([
        ("relay", found["relay"]),
        ("commanded", found["commanded"]),
        ("load voltage", "not measured" if voltage is None else voltage),
        ("move under way", found["intent"]),
        ("fault", found["fault"]),
    ])


def test(context: typer.Context, as_json: AsJson = False) -> None:
    """Let the meter test itself; the exit code is 1 if a test fails."""
    with open_meter(context) as meter:
        found = meter.call("self_test")
    if as_json:
        show.as_json(found)
    else:
        show.rows(("test", "result", ""), [
            (item["name"], "passed" if item["passed"] else "FAILED", item["text"])
            for item in found["tests"]])
    if not found["passed"]:
        raise typer.Exit(REFUSED)


def add(app: typer.Typer) -> None:
    for command in (status, registers, balance, relay, test):
        app.command()(command)
