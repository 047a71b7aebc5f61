"""Requests of the production test: one a part, on a meter that nobody uses yet.

`meterctl production` asks for it, see docs/production-test.md. Whatever changes anything is for
a meter without an account: once it is provisioned its inputs are looked at and no more. Loaded
when somebody asks, which at a meter in use nobody does.
"""

from joulegate.console import production_lines, production_parts
from joulegate.console.production_session import Session

_LOOKS = ("inputs", "keypad", "clock", "end")


def _parts() -> dict:
    return {
        "inputs": Session.inputs, "keypad": Session.keypad, "relay": Session.relay,
        "display": Session.display, "lamps": Session.lamps, "buzzer": Session.buzzer,
        "clock": Session.clock, "flash": production_parts.flash, "fram": production_parts.fram,
        "element": production_parts.element, "wifi": production_parts.wifi,
        "watchdog": production_parts.watchdog, "modem": production_lines.modem,
        "rs485": production_lines.rs485,
    }


def _in_use(app: object) -> bool:
    """Return whether the meter has an account, or may have one that cannot be read."""
    state = app.state
    if state.provisioned or state.error:
        return True
    if app.fram is not None:
        try:
            app.fram.read_into(app.fram.size - 1, bytearray(1))
        except OSError:
            # It was read at the start and held no ledger then; that it has gone is to be found.
            return False
    return state.ledger.exists()


def carry_out(app: object, requests: object, part: str, arguments: dict) -> dict:
    """Carry out a request for one part; ValueError, RuntimeError or OSError if it cannot be."""
    if part not in _LOOKS and _in_use(app):
        raise RuntimeError(
            "production %s: the meter is provisioned: its inputs are looked at, no more" % part)
    session = requests.production
    if part == "end":
        if session is not None:
            session.end()
        return {}
    found = _parts()
    if part not in found:
        raise ValueError("production %r: must be one of %s" % (part, ", ".join(sorted(found))))
    if session is None:
        session = requests.production = Session(app)
    session.ask()
    return found[part](session, **arguments)
