"""The control socket of a model: JSON objects, one a line, each answered by one."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tools.modem.faults import ACTIONS, HABITS, FaultError
from tools.modem.modem import Modem
from tools.modem.state import Message

LONGEST = 1 << 20


class ControlError(Exception):
    """A control message that cannot be followed; str names the thing, the value, the rule."""


def _number(said: dict[str, Any], key: str, low: float, high: float) -> float:
    value = said[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ControlError(f"{key} {value!r}: must be a number from {low:g} to {high:g}")
    return value


class Control:
    """Answers the messages; `stop` ends the model."""

    def __init__(self, modem: Modem, stop: Callable[[], None]) -> None:
        self._modem, self._stop = modem, stop
        self._verbs: dict[str, Callable[[dict[str, Any]], Any]] = {
            "fault": self._fault, "faults": self._faults, "clear": self._clear,
            "sms": self._sms, "sms_out": lambda said: {"sms_out": modem.sms_sent},
            "sms_store": self._sms_store, "registration": self._registration,
            "reset": self._reset, "power": self._power, "power_key": self._power_key,
            "signal": self._signal, "log": self._log, "counts": self._counts,
            "sockets": self._sockets, "inject": self._inject, "urc": self._urc,
            "raw": self._raw, "clock": self._clock, "nitz": self._nitz, "hosts": self._hosts,
            "air": self._air, "state": self._state, "downlink": self._family_verb,
            "uplinks": self._family_verb, "join": self._family_verb,
            "ppp": self._family_verb, "quit": self._quit,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        try:
            while line := await reader.readline():
                writer.write(json.dumps(self.answer(line)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        """Follow one message: {"ok": true, ...} or {"error": TEXT}."""
        try:
            said = json.loads(line)
            if not isinstance(said, dict):
                raise ControlError("a message must be a JSON object")
            verb = next((key for key in self._verbs if key in said), None)
            if verb is None:
                raise ControlError(f"no verb in {sorted(said)}; known: {sorted(self._verbs)}")
            return {"ok": True, **(self._verbs[verb](said) or {})}
        except (ControlError, FaultError, ValueError, KeyError, TypeError) as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def _fault(self, said: dict[str, Any]) -> None:
        self._modem.faults.arm(said)

    def _faults(self, said: dict[str, Any]) -> dict[str, Any]:
        return {"armed": [fault.as_json() for fault in self._modem.faults.armed],
                "known": {**HABITS, **ACTIONS}}

    def _clear(self, said: dict[str, Any]) -> None:
        self._modem.faults.clear(said["clear"] if isinstance(said["clear"], str) else None)
        self._modem.terminal.split = None
        self._modem.terminal.spoil = None

    def _sms(self, said: dict[str, Any]) -> dict[str, Any]:
        sms = said["sms"]
        message = Message(
            str(sms["from"]), str(sms["text"]),
            self._modem.clock.network_now().astimezone(self._modem.clock.zone()),
            bytes.fromhex(sms.get("header", "")))
        return {"stored": self._modem.receive_sms(message)}

    def _sms_store(self, said: dict[str, Any]) -> dict[str, Any]:
        store = self._modem.sms
        return {"sms_store": {i: m.text for i, m in store.messages.items()},
                "waiting": len(store.waiting)}

    def _registration(self, said: dict[str, Any]) -> None:
        stat = int(_number(said, "registration", 0, 11))
        self._modem.registration.answer = stat
        self._modem.air.reachable = True
        if self._modem.power == "on":
            self._modem.set_stat(stat)

    def _reset(self, said: dict[str, Any]) -> None:
        self._modem.reboot(float(said.get("ms", 0)))

    def _power(self, said: dict[str, Any]) -> None:
        if said["power"] not in ("on", "off"):
            raise ControlError(f"power {said['power']!r}: must be on or off")
        self._modem.power_on() if said["power"] == "on" else self._modem.power_off()

    def _power_key(self, said: dict[str, Any]) -> dict[str, Any]:
        ms = _number(said, "power_key", 0, 60000)
        self._modem.press_power_key(ms)
        return {"power": self._modem.power}

    def _signal(self, said: dict[str, Any]) -> None:
        self._modem.signal = int(_number(said, "signal", 0, 99))

    def _log(self, said: dict[str, Any]) -> dict[str, Any]:
        since = int(said.get("since", 0))
        return {"log": [entry for entry in self._modem.log if entry["n"] > since],
                "last": self._modem.logged}

    def _counts(self, said: dict[str, Any]) -> dict[str, Any]:
        return {"counts": dict(self._modem.counts)}

    def _sockets(self, said: dict[str, Any]) -> dict[str, Any]:
        return {"sockets": {
            number: {
                "host": s.host, "port": s.port, "state": s.state, "tls": s.tls,
                "sent": s.stream.total, "acknowledged": s.stream.acknowledged,
                "received": s.total, "unread": len(s.received), "silent": s.stream.silent,
            } for number, s in self._modem.family.sockets.items()}}

    def _inject(self, said: dict[str, Any]) -> None:
        asked = said["inject"]
        socket = self._modem.family.sockets.get(int(asked["conn"]))
        if socket is None:
            raise ControlError(f"inject: conn {asked['conn']!r} is not open")
        data = bytes.fromhex(asked["hex"]) if "hex" in asked else asked["text"].encode("latin-1")
        socket.put(data)

    def _urc(self, said: dict[str, Any]) -> None:
        self._modem.urc(str(said["urc"]))

    def _raw(self, said: dict[str, Any]) -> None:
        self._modem.line.raw(bytes.fromhex(said["raw"]))

    def _clock(self, said: dict[str, Any]) -> None:
        when = datetime.fromisoformat(said["clock"])
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        self._modem.clock.network_offset_s = (when - datetime.now(UTC)).total_seconds()

    def _nitz(self, said: dict[str, Any]) -> None:
        self._modem.options.nitz = bool(said["nitz"])
        if said["nitz"]:
            self._modem.clock.learn()

    def _hosts(self, said: dict[str, Any]) -> None:
        for name, port in said["hosts"].items():
            self._modem.air.add_host(f"{name}={port}")

    def _air(self, said: dict[str, Any]) -> None:
        asked, air = said["air"], self._modem.air
        if extra := set(asked) - {"delay_ms", "rate", "loss", "reachable"}:
            raise ControlError(f"air: {sorted(extra)} not known")
        if "delay_ms" in asked:
            air.delay_s = _number(asked, "delay_ms", 0, 60000) / 1000
        if "rate" in asked:
            air.rate = int(_number(asked, "rate", 0, 1e9))
        if "loss" in asked:
            air.loss = _number(asked, "loss", 0, 0.95)
        if "reachable" in asked:
            air.reachable = bool(asked["reachable"])

    def _state(self, said: dict[str, Any]) -> dict[str, Any]:
        modem = self._modem
        return {
            "power": modem.power, "registration": modem.registration.stat, "cfun": modem.cfun,
            "echo": modem.line.echo, "sim": "absent" if modem.sim.absent else modem.sim.state,
            "pin_tries": modem.sim.pin_tries, "puk_tries": modem.sim.puk_tries,
            "files": {name: len(data) for name, data in modem.files.items()},
            "clock": modem.clock.now(modem.uptime).isoformat(), "lost": modem.terminal.lost,
        }

    def _family_verb(self, said: dict[str, Any]) -> dict[str, Any]:
        return self._modem.family.control(said)

    def _quit(self, said: dict[str, Any]) -> None:
        self._stop()
