"""The self test: one line a part, each from what the part itself says now."""

import gc
import os

from micropython import const

from joulegate.core.civil import DAY_S, format_time

_FREE_PERCENT_MIN = const(30)
_CERTIFICATE_MAX = const(4096)
_LINK_FILE = "link.json"


def self_test(app: object) -> list:
    """Return (name, passed, text) of every test; none of them changes anything."""
    return [
        _metering_ic(app), _relay(app), _ledger(app), _gate(app), _storage(app),
        _settings(app), _clock(app), _heap(), _keys(app),
        _link(app)]


def _metering_ic(app: object) -> tuple:
    ic = app.ic
    try:
        ic.check()
    except (RuntimeError, OSError) as e:
        return "metering IC", False, str(e)
    return "metering IC", True, "answers, %d reloads, %d disturbed reads" % (
        ic.reloads, ic.bus_errors)


def _relay(app: object) -> tuple:
    switch = app.switch
    position = "closed" if switch.closed else "open"
    if switch.fault:
        return "relay", False, "does not follow its commands"
    load = app.relay.load_voltage()
    if load is not None and load != bool(switch.closed) and app.board.mains_good():
        return "relay", False, "commanded %s, load side %s" % (
            position, "live" if load else "dead")
    return "relay", True, position


def _ledger(app: object) -> tuple:
    state = app.state
    if state.error:
        return "ledger", False, state.error
    if not state.provisioned:
        return "ledger", True, "none, the meter is not provisioned"
    wrong = state.billing.audit()
    return "ledger", not wrong, wrong or "commit %d, account agrees" % state.ledger.sequence


def _gate(app: object) -> tuple:
    if app.gate is None:
        return "gate", True, "none, the meter is not provisioned"
    return "gate", not app.gate.suspended, app.gate.suspended or "takes credit"


def _storage(app: object) -> tuple:
    try:
        facts = os.statvfs(app.board.FOLDER)
    except OSError as e:
        return "storage", False, "cannot be read: %s" % e
    free = facts[1] * facts[3] // 1024
    return "storage", free > 0, "%d KiB free" % free


def _settings(app: object) -> tuple:
    wrong = app.state.settings.wrong
    return "settings", not wrong, "; ".join(wrong) or "as stored"


def _clock(app: object) -> tuple:
    clock = app.clock
    now = clock.now()
    if not clock.valid:
        return "clock", False, "has no time for %d s, and must be set" % clock.uptime()
    billing = app.state.billing
    if billing is not None and now < (billing.day - 1) * DAY_S:
        return "clock", False, "shows %s, before the last day charged" % format_time(now)
    if clock.failure:
        return "clock", False, "counts on alone: the real-time clock " + clock.failure
    return "clock", True, "shows %s UTC" % format_time(now)


def _keys(app: object) -> tuple:
    return ("keys",) + app.entrance.key_report()


def _link(app: object) -> tuple:
    network = app.network
    if network.uplink is None:
        try:
            if _LINK_FILE not in os.listdir(app.board.FOLDER):
                return "link", True, "none"
        except OSError as e:
            return "link", False, "settings cannot be read: %s" % e
        return "link", False, "its settings could not be used at the start"
    settings = network.settings
    values = settings.values
    wrong = list(settings.wrong)
    if values["lora"]:
        if not values["lora_app_key"]:
            wrong.append("lora_app_key: is not set")
        if not app.board.CAPABILITIES.get("modem"):
            wrong.append("lora: this meter has no line for a module")
    elif not values["host"]:
        return "link", not wrong, "; ".join(wrong) or "off: no host is set"
    else:
        if not values["transports"]:
            wrong.append("transports: none is set")
        wrong += _wrong_transports(app, values)
        if values["tls"]:
            wrong += _wrong_files(settings)
    text = "set, " + ("lora" if values["lora"] else ", ".join(values["transports"]))
    return "link", not wrong, "; ".join(wrong) or text


def _wrong_transports(app: object, values: dict) -> list:
    """Return what is wanted and not there."""
    board = app.board
    may = {"wifi": board.CAPABILITIES.get("wifi"), "modem": board.CAPABILITIES.get("modem"),
           "ppp": board.ppp() is not None, "socket": board.SOCKETS}
    wrong = []
    for name in values["transports"]:
        if not may[name]:
            wrong.append("transport %s: this meter has none" % name)
    return wrong


def _wrong_files(settings: object) -> list:
    """Return why TLS could not have its files, nothing if it can."""
    values = settings.values
    own = values["certificate"] or values["key"]
    wrong = []
    for name in ("ca", "certificate", "key") if own else ("ca",):
        path = settings.path_of(name)
        if not path:
            wrong.append("%s: no file is set" % name)
            continue
        try:
            size = os.stat(path)[6]
            with open(path, "rb") as f:
                if not 1 <= size <= _CERTIFICATE_MAX or not f.read(1):
                    wrong.append("%s: %d bytes, must be 1 to %d" % (
                        values[name], size, _CERTIFICATE_MAX))
        except OSError:
            wrong.append("%s: cannot be read" % values[name])
    return wrong


def _heap() -> tuple:
    gc.collect()
    free = gc.mem_free()
    percent = 100 * free // (free + gc.mem_alloc())
    return "heap", percent >= _FREE_PERCENT_MIN, "%d %% free, %d bytes" % (percent, free)
