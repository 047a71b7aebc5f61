"""Reports as lines of at most 80 columns for a serial terminal."""

from micropython import const

WIDTH = const(80)
_LABEL = "%-20s %s"


def lines(name: str, report: dict) -> list:
    """Return the lines of a report; see console.reports."""
    page = _PAGES.get(name)
    found = page(report) if page else _plain(report, _ORDER[name])
    return [line if len(line) <= WIDTH else line[:WIDTH - 1] + "~" for line in found]


def _plain(report: dict, keys: tuple) -> list:
    return [_LABEL % (key, _text(report[key])) for key in keys]


def _text(value: object) -> str:
    if value is None or value == "":
        return "-"
    if value is True or value is False:
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join([_text(v) for v in value])
    if isinstance(value, dict):
        return ", ".join(["%s %s" % (key, _text(value[key])) for key in sorted(value)])
    return str(value)


def _status(r: dict) -> list:
    found = [
        _LABEL % ("time", "%s, up %d s, start %d%s" % (
            r["time"] + " UTC" if r["time"] else "not known", r["uptime_s"], r["starts"],
            ", SAFE MODE" if r["safe_mode"] else "")),
        _LABEL % ("supply", "%s, relay %s%s, forbidden by %s" % (
            r["supply"], r["relay"], ", FAULT" if r["relay_fault"] else "", r["reasons"])),
        _LABEL % ("control", "%s, lifted by %s" % (r["state"], r["lifts"])),
        _LABEL % ("line", "%s V  %s A  %s W  pf %s  %s Hz" % (
            r["V"], r["A"], r["W"], r["pf"], r["Hz"])),
    ]
    if r["provisioned"]:
        found.append(_LABEL % ("balance", "%s %s" % (r["balance"], r["currency"])))
        found.append(_LABEL % ("price", "%s, %s %s, tier %d of %d" % (
            r["price"], r["season"], r["period"], r["tier"], r["tiers"])))
    else:
        found.append(_LABEL % ("account", r["error"] or "none, the meter is not provisioned"))
    found.append(_LABEL % ("credit is taken", r["gate"] or "yes"))
    found.append(_LABEL % ("ticks", "%d, last %d us, longest %d us" % (
        r["ticks"], r["tick_us"]["last"], r["tick_us"]["longest"])))
    found.append(_LABEL % ("commits", "%d, disturbed reads %d" % (r["commits"], r["bus_errors"])))
    found.append(_LABEL % ("heap", "%d bytes free, %d used" % (r["heap_free"], r["heap_used"])))
    if r["failure"]:
        found.append(_LABEL % ("last failure", r["failure"].split("\n")[-1]))
    return found


def _events(r: dict) -> list:
    found = ["%5d  %s  %-22s %s" % tuple(row) for row in r["events"]]
    if r["discarded"]:
        found.insert(0, "%d earlier events are no longer kept" % r["discarded"])
    return found or ["none"]


def _settings(r: dict) -> list:
    found = []
    for row in r["settings"]:
        rule = row["unit"]
        if row["low"] is not None:
            rule = "%d to %d %s" % (row["low"], row["high"], row["unit"])
        found.append("%-18s %-20s %s" % (row["name"], _text(row["value"]), rule))
    return found


def _tests(r: dict) -> list:
    found = ["%-12s %-6s %s" % (test["name"], "ok" if test["passed"] else "FAILED", test["text"])
             for test in r["tests"]]
    found.append("all passed" if r["passed"] else "NOT passed")
    return found


def _identity(r: dict) -> list:
    found = _plain(r, _ORDER["identity"])
    names = sorted([name for name in r["capabilities"] if r["capabilities"][name]])
    for i in range(0, max(1, len(names)), 6):
        found.append(_LABEL % ("" if i else "carries", " ".join(names[i:i + 6]) or "-"))
    return found


def _balance(r: dict) -> list:
    found = _plain(r, _ORDER["balance"])
    carried = r["carried_kWh"]
    if carried is not None:
        found.append(_LABEL % ("carried_kWh", "" if carried else "none"))
        found += [_LABEL % ("  " + period, carried[period]) for period in sorted(carried)]
    found.append(_LABEL % ("audit", r["audit"] or "agrees"))
    return found


def _table(r: dict) -> list:
    """Return rows below their columns, each as wide as its widest text."""
    rows = [r["columns"]] + [[_text(value) for value in row] for row in r["rows"]]
    widths = [max([len(row[i]) for row in rows]) for i in range(len(rows[0]))]
    found = ["  ".join(["%-*s" % (widths[i], row[i]) for i in range(len(row))]).rstrip()
             for row in rows]
    return found if r["rows"] else ["none"]


def _demand(r: dict) -> list:
    return ["mean power over %d minutes, %d sub-period%s" % (
        r["minutes"], r["subperiods"], "" if r["subperiods"] == 1 else "s")] + _table(r)


def _energies(r: dict) -> list:
    return _table(r) + [_LABEL % ("charged in all", r["charged"])]


def _green(r: dict) -> list:
    return ["%s, %d intervals, %d without energy" % (
        r["day"], r["intervals"], r["unknown"])] + _table(r)


def _quality(r: dict) -> list:
    return _table(r) + ["", "voltage, V; share of the time within the band:"] + _table(
        r["voltage"])


def _link(r: dict) -> list:
    if len(r) == 1:
        return [_LABEL % ("link", r["phase"])]
    # Only here: a meter without a link has no use for it.
    from joulegate.console.link_page import page
    return page(r, _LABEL, _text)


_ORDER = {
    "registers": (
        "import_kWh", "export_kWh", "reactive_import_kvarh", "reactive_export_kvarh",
        "quadrant_1_kvarh", "quadrant_2_kvarh", "quadrant_3_kvarh", "quadrant_4_kvarh",
        "apparent_import_kVAh", "apparent_export_kVAh", "quadrant", "pf", "month_pf",
        "month_pf_export"),
    "balance": ("balance", "currency", "credits", "charges", "month_kWh", "month_cost",
                "debts", "recovered"),
    "tariff": ("id", "name", "currency", "digest", "price", "tiers", "seasons", "periods", "next"),
    "relay": ("commanded", "relay", "load_voltage", "intent", "fault"),
    "identity": ("meter_id", "provisioned", "locked", "board", "profile", "firmware",
                 "micropython", "platform", "unique_id", "counts_per_kWh", "unit_places"),
}
_PAGES = {"status": _status, "events": _events, "settings": _settings, "self_test": _tests,
          "identity": _identity, "balance": _balance, "days": _table, "months": _table,
          "purchases": _table, "log": _table, "link": _link, "demand": _demand, "green": _green,
          "quality": _quality, "outputs": _table, "energies": _energies}
