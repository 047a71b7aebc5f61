"""Requests of host tools: a JSON object with `do` and its arguments, answered by a JSON object.

The answer is {"ok": {...}}, or {"error": text} and nothing has changed. While the meter is
locked only reports are given, what proves itself is taken, tokens and messages, and what
somebody who has logged in may ask.
"""

import json
from binascii import hexlify, unhexlify

from micropython import const

from joulegate.console import record_reports, reports
from joulegate.core.amounts import parse_decimal, scaled
from joulegate.core.civil import format_time, parse_time
from joulegate.vending.carriers import CONSOLE

UPLOAD_MAX = const(16384)
"""Longest document that can be uploaded: that of the tariff store."""
_PIECE_MAX = const(512)

_REPORTS = {
    "identity": reports.identity, "status": reports.status, "registers": reports.registers,
    "balance": reports.balance, "tariff": reports.tariff, "relay": reports.relay,
    "events": reports.events, "settings": reports.settings, "self_test": reports.tests,
    "link": reports.link, "demand": reports.demand, "green": reports.green,
    "quality": reports.quality, "outputs": reports.outputs, "energies": reports.energies,
    "days": record_reports.days, "months": record_reports.months,
    "purchases": record_reports.purchases, "log": record_reports.log,
    "calibration": reports.calibration, "measure": reports.measure,
}


class Requests:
    def __init__(self, app: object) -> None:
        self._app = app
        self._upload = bytearray()
        self.production: object = None
        """What a production test holds of the meter, once one has begun."""
        self.calibration: object = None
        """What console.calibration_requests keeps, None until somebody asks for it."""

    def call(self, text: str) -> str:
        """Return the answer to a request, both JSON texts. Never raises for a bad request."""
        try:
            try:
                request = json.loads(text)
            except ValueError:
                raise ValueError("request: is no JSON") from None
            if not isinstance(request, dict) or not isinstance(request.get("do"), str):
                raise ValueError("request: must be an object with a text `do`")
            name = request.pop("do")
            return json.dumps({"ok": self.answer(name, request)})
        except (ValueError, RuntimeError, OSError) as e:
            return json.dumps({"error": str(e) or repr(e)})
        except MemoryError:
            return json.dumps({"error": "request: not enough memory"})

    def answer(self, name: str, arguments: dict) -> dict:
        """Carry out a request; ValueError, RuntimeError or OSError for what cannot be done."""
        carry_out = _REPORTS.get(name)
        if carry_out is None:
            carry_out = _CHANGES.get(name)
            if carry_out is None:
                raise ValueError("request %r: there is none of this name" % name)
            if self._app.locked and not self._open(name):
                raise RuntimeError("request %s: the meter is locked, it only reports" % name)
            arguments = dict(arguments)
            arguments["requests"] = self
        try:
            return carry_out(self._app, **arguments)  # type: ignore[operator] # own words each
        except TypeError as e:
            raise ValueError("request %s: %s" % (name, e)) from None

    def _open(self, name: str) -> bool:
        """Return whether a locked meter takes a request.

        Keys only as long as it has none at all and so can take no credit: the first one that is
        installed closes that.
        """
        entrance = self._app.entrance
        if name in _KEYS and not (entrance.has_token_key or entrance.has_message_keys):
            return True
        return name in _PROVEN or entrance.allows(name)

    def add_piece(self, at: int, piece: bytes) -> int:
        """Add a piece to the document being uploaded; return its size so far."""
        if at == 0:
            self._upload = bytearray()
        if at != len(self._upload):
            raise ValueError("upload at %r: must be %d, or 0 to begin" % (at, len(self._upload)))
        if len(piece) > _PIECE_MAX or at + len(piece) > UPLOAD_MAX:
            raise ValueError("upload of %d bytes at %d: at most %d a piece and %d in all" % (
                len(piece), at, _PIECE_MAX, UPLOAD_MAX))
        self._upload.extend(piece)
        return len(self._upload)

    def document(self) -> bytes:
        """Return what was uploaded; RuntimeError when there is nothing."""
        if not self._upload:
            raise RuntimeError("upload: there is no document")
        return bytes(self._upload)

    def forget(self) -> None:
        """Forget what was uploaded, once it is in use."""
        self._upload = bytearray()


def _upload(app: object, at: int, hex: str, requests: Requests) -> dict:
    return {"size": requests.add_piece(at, _bytes("upload hex", hex))}


def _bytes(what: str, hex: object) -> bytes:
    try:
        return unhexlify(hex)  # type: ignore[arg-type] # what is no text is told just so
    except (TypeError, ValueError):
        raise ValueError("%s: must be pairs of hexadecimal digits" % what) from None


def _set(app: object, values: dict, requests: Requests) -> dict:
    if not isinstance(values, dict):
        raise ValueError("values %r: must be an object of settings" % (values,))
    app.commissioning.change_settings(values)
    return reports.settings(app)


def _clock(app: object, set: str, requests: Requests) -> dict:
    app.commissioning.set_clock(parse_time(set))
    return {"time": format_time(app.clock.now())}


def _tariff_check(
    app: object, requests: Requests, unit_places: "int | None" = None
) -> dict:
    return _tariff_facts(app.commissioning.check_tariff(requests.document(), unit_places))


def _tariff_load(app: object, start: str, requests: Requests) -> dict:
    second = parse_time(start)
    tariff = app.commissioning.load_tariff(requests.document(), second)
    requests.forget()
    return dict(_tariff_facts(tariff), start=format_time(second))


def _tariff_facts(tariff: object) -> dict:
    document = tariff.document
    return {"id": document.id, "name": document.name, "currency": document.currency,
            "digest": hexlify(tariff.digest).decode()}


def _provision(
    app: object, meter_id: str, unit_places: int, requests: Requests, time: "str | None" = None,
    settings: "dict | None" = None, calibration: "dict | None" = None,
) -> dict:
    second = None if time is None else parse_time(time)
    app.commissioning.provision(
        meter_id, requests.document(), unit_places, second, settings or {}, calibration)
    requests.forget()
    return reports.identity(app)


def _credit(app: object, tid: int, amount: str, requests: Requests) -> dict:
    if app.profile != "development":
        raise RuntimeError("credit: only a development image takes it unauthenticated")
    if app.gate is None:
        raise RuntimeError("credit: the meter is not provisioned")
    places = app.state.billing.tariff.unit_places
    try:
        value, used = parse_decimal(amount, places)
    except ValueError as e:
        raise ValueError("amount %r: %s" % (amount, e)) from None
    receipt = app.credit(tid, scaled(value, used, places))
    return {"accepted": receipt.accepted, "reason": receipt.reason,
            "balance": reports.balance(app)["balance"]}


def _press(app: object, requests: Requests, long: bool = False) -> dict:
    if app.profile != "development":
        raise RuntimeError("press: only a development image is pressed from here")
    if app.button is None:
        raise RuntimeError("press: the meter has no button")
    if not app.state.provisioned:
        raise RuntimeError("press: the meter is not provisioned")
    # Loaded with the button already.
    from joulegate.core.supply_press import PRESSES
    return {"done": PRESSES[app.button.press(bool(long))]}


def _token(app: object, digits: str, requests: Requests) -> dict:
    if not isinstance(digits, str):
        raise ValueError("digits: must be a text of 20 digits")
    entered = app.enter_token(digits, CONSOLE)
    return {"accepted": entered.accepted, "reason": entered.reason, "text": entered.text,
            "waiting": entered.waiting, "amount": reports.amount(app, entered.units),
            "balance": reports.amount(app, entered.balance)}


def _message(app: object, hex: str, requests: Requests) -> dict:
    answer = app.accept_message(_bytes("message hex", hex), CONSOLE)
    receipt = answer.receipt
    return {"accepted": answer.accepted, "status": answer.status, "reason": answer.reason,
            "text": answer.text,
            "receipt": "" if receipt is None else hexlify(receipt).decode()}


def _challenge(app: object, requests: Requests) -> dict:
    return {"challenge": hexlify(app.entrance.challenge()).decode()}


def _login(app: object, kid: str, proof: str, requests: Requests) -> dict:
    app.entrance.log_in(_bytes("kid", kid), _bytes("proof", proof))
    return {}


def _logout(app: object, requests: Requests) -> dict:
    app.entrance.log_out()
    return {}


def _token_key(app: object, key: dict, requests: Requests) -> dict:
    app.entrance.install_token_key(key)
    return {}


def _message_keys(
    app: object, keys: list, requests: Requests, factory: bool = True
) -> dict:
    app.entrance.install_message_keys(keys, factory)
    return {"keys": len(keys)}


def _clear_log(app: object, name: str, requests: Requests) -> dict:
    return record_reports.clear_log(app, name)


def _output(
    app: object, number: int, requests: Requests, on: "bool | None" = None, minutes: int = 0
) -> dict:
    from joulegate.console import output_reports
    return output_reports.override(app, number, on, minutes)


def _calibrate(
    app: object, action: str, requests: Requests, step: "str | None" = None,
    reference: "dict | None" = None, constants: "dict | None" = None,
) -> dict:
    # Only here: a meter is calibrated once or twice in its life.
    from joulegate.console import calibration_requests
    return calibration_requests.change(app, action, step, reference, constants)


def _settle_days(app: object, requests: Requests) -> dict:
    return {"waiting": app.commissioning.settle_days()}


def _demand_reset(app: object, requests: Requests) -> dict:
    app.state.reset_demand(app.clock.now())
    app.metering.commit()
    return reports.demand(app)


def _link_set(app: object, values: dict, requests: Requests) -> dict:
    # Only here and below: few requests are about the link, and not every meter has one.
    from joulegate.console import link_requests
    return link_requests.change(app, values)


def _link_file(app: object, name: str, requests: Requests, remove: bool = False) -> dict:
    from joulegate.console import link_requests
    if remove:
        return link_requests.remove_file(app, name)
    answer = link_requests.store_file(app, name, requests.document())
    requests.forget()
    return answer


def _production(app: object, part: str, requests: Requests, **arguments: object) -> dict:
    # Only here: it is asked for in the factory.
    from joulegate.console import production_requests
    return production_requests.carry_out(app, requests, part, arguments)


def _reset(app: object, requests: Requests) -> dict:
    app.commissioning.restart()
    return {}


_CHANGES = {
    "upload": _upload, "set": _set, "clock": _clock, "tariff_check": _tariff_check,
    "tariff_load": _tariff_load, "provision": _provision, "credit": _credit, "reset": _reset,
    "press": _press, "output": _output, "link_set": _link_set, "link_file": _link_file,
    "settle_days": _settle_days, "clear_log": _clear_log, "token": _token,
    "message": _message, "token_key": _token_key, "message_keys": _message_keys,
    "challenge": _challenge, "login": _login, "logout": _logout,
    "demand_reset": _demand_reset, "calibrate": _calibrate, "production": _production,
}
_PROVEN = ("token", "message", "challenge", "login", "logout")
_KEYS = ("token_key", "message_keys")
