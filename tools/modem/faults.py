"""Faults on demand, each by its name, fired by commands, bytes, time or chance with a seed.

An action happens once when it fires (a reboot, a socket that goes silent). A habit changes what
the modem says at the occasion it is named for (a lost SEND OK, a late result). `when` holds

    match         fires at a command, URC or result that this regular expression is found in
    commands      after so many commands since it was armed
    bytes         after so many payload bytes, both directions together, since it was armed
    seconds       after so many seconds
    probability   with this chance at each occasion; `seed` makes it repeatable
    times         how often; 1 unless told, 0 for without end

and all that stand there must hold.
"""

import asyncio
import random
import re
from collections.abc import Callable
from typing import Any

HABITS = {
    "urc_in_reply": "an unsolicited line `text` before the result of a command",
    "result_first": "an open or close result comes before the OK of its command",
    "missing_prompt": "no `>`; with `swallow` false the payload is not awaited either",
    "send_ok_lost": "no result after a payload was taken",
    "send_fail": "the payload is refused: SEND FAIL or what the family says",
    "recv_notice_lost": "no notice of received data",
    "close_urc_lost": "no notice that the far end has closed",
    "no_result": "a command is not carried out and nothing is said",
    "late_result": "a final result that comes `ms` late",
    "error": "a command fails with CME error `code` (none: ERROR) and is not carried out",
    "boot_noise": "`count` bytes of 00 and FF before the boot strings",
    "no_boot_strings": "a boot without a word, as while the rate is detected",
    "short_read": "at most `count` bytes are given by one read of a socket",
}
ACTIONS = {
    "split_lines": "all is said `size` bytes at a time, `ms` apart; size 0 ends it",
    "overrun": "of each burst over `limit` bytes, `count` bytes are lost, as a UART overrun does",
    "urc_in_payload": "`text`, a URC to look at, arrives as payload of socket `conn`",
    "ok_in_payload": "OK and ERROR lines arrive as payload of socket `conn`",
    "echo_back": "echo is on again, without a word",
    "silent_reset": "sockets and settings are gone, without a word",
    "reboot": "resets by itself; boot strings after `ms`",
    "hang": "deaf and dumb for `ms`; 0: until reset",
    "silent_socket": "socket `conn` (none: all) carries nothing any more, neither end is told",
    "close_socket": "the network cuts socket `conn` (none: all); the modem says so",
    "context_lost": "the PDP context is gone, all sockets with it",
    "registration_lost": "no coverage for `ms` (0: until told), `stat` 2; data stays off after",
    "sim_absent": "the SIM is out; `ms` 0: for good",
    "sim_busy": "CME 14 for `ms`",
    "pin_lock": "the SIM asks for its PIN `pin`; `tries` left",
    "clock_wrong": "the clock believes in `year` 1980, 2004 or 1970",
    "cfun_storm": "after `limit` more CFUN changes or resets the network denies (stat 3)",
    "noise": "`count` bytes of 00 and FF now",
    "autobaud": "the first `count` bytes of the next command are lost",
}


class FaultError(Exception):
    """A fault that cannot be: names the thing, the value and the rule."""


class Fault:
    """One armed fault."""

    def __init__(self, name: str, when: dict[str, Any], options: dict[str, Any]) -> None:
        if name not in HABITS and name not in ACTIONS:
            known_names = ", ".join(sorted({**HABITS, **ACTIONS}))
            raise FaultError(f"fault {name!r}: not one of {known_names}")
        known = {"match", "commands", "bytes", "seconds", "probability", "seed", "times"}
        if extra := set(when) - known:
            raise FaultError(f"fault {name}: when has {sorted(extra)}; known: {sorted(known)}")
        try:
            self.match = re.compile(str(when["match"])) if "match" in when else None
        except re.error as error:
            raise FaultError(f"fault {name}: match {when['match']!r}: {error}") from None
        self.name, self.when, self.options = name, when, options
        self.left = self._number("times", 1)
        self.commands = self._number("commands", 0)
        self.bytes = self._number("bytes", 0)
        self.due = asyncio.get_running_loop().time() + self._number("seconds", 0)
        self.chance = self._number("probability", 1)
        if not 0 <= self.chance <= 1:
            raise FaultError(f"fault {name}: probability {self.chance}: must be from 0 to 1")
        self.random = random.Random(int(self._number("seed", 1)))
        self.endless = not self.left
        self.fired = 0

    def _number(self, key: str, default: float) -> float:
        value = self.when.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise FaultError(f"fault {self.name}: {key} {value!r}: must be a number from 0")
        return value

    def option(self, key: str, default: Any) -> Any:
        """A parameter of the fault."""
        return self.options.get(key, default)

    def hit(self, about: str | None) -> bool:
        """Whether it fires now; it then counts as fired."""
        if self.commands > 0 or self.bytes > 0 or asyncio.get_running_loop().time() < self.due:
            return False
        if self.chance < 1 and about is None:
            return False
        if self.match is not None and (about is None or not self.match.search(about)):
            return False
        if self.chance < 1 and self.random.random() >= self.chance:
            return False
        self.fired += 1
        if not self.endless:
            self.left -= 1
        return True

    @property
    def over(self) -> bool:
        """Whether it cannot fire any more."""
        return not self.endless and self.left <= 0

    def as_json(self) -> dict[str, Any]:
        """What the control socket shows."""
        return {"fault": self.name, **self.options, "when": self.when, "fired": self.fired}


class Faults:
    """The armed faults; `act` carries an action out."""

    def __init__(self, act: Callable[[Fault], None], note: Callable[[str, str], None]) -> None:
        self._act, self._note = act, note
        self.armed: list[Fault] = []

    def arm(self, said: dict[str, Any]) -> None:
        """Arm {"fault": NAME, "when": {...}, parameters}; FaultError."""
        options = {key: value for key, value in said.items() if key not in ("fault", "when")}
        when = said.get("when", {})
        if not isinstance(when, dict):
            raise FaultError(f"fault {said['fault']}: when must be an object")
        self.armed.append(Fault(str(said["fault"]), when, options))
        self.poll(None)

    def clear(self, name: str | None) -> None:
        """Disarm all of one name, or all."""
        self.armed = [f for f in self.armed if name is not None and f.name != name]

    def count(self, commands: int = 0, size: int = 0, about: str | None = None) -> None:
        """Commands and bytes have passed: actions may fire."""
        for fault in self.armed:
            fault.commands -= commands
            fault.bytes -= size
        self.poll(about)

    def poll(self, about: str | None) -> None:
        """Let actions fire that are due."""
        for fault in list(self.armed):
            if fault.name in ACTIONS and fault in self.armed and fault.hit(about):
                if fault.over:
                    self.armed.remove(fault)
                self._note("fault", fault.name)
                self._act(fault)

    def hit(self, name: str, about: str) -> Fault | None:
        """The habit `name` if it shows at this occasion, `about` being what is said or asked."""
        for fault in self.armed:
            if fault.name == name and fault.hit(about):
                if fault.over:
                    self.armed.remove(fault)
                self._note("fault", name)
                return fault
        return None
