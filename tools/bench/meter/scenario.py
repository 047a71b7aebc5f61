"""Run a scenario without a screen: the time line of a meter on recorded load, in virtual time.

usage: micropython scenario.py SPEC

SPEC is a JSON file: {"load", "tariff" (document), "balance", "warnings", "top_ups":
[[time, amount, tid], ...], "outages": [[from, to, announced], ...], "next_tariffs":
[[loaded, document, start], ...], "presses": [[time, seconds], ...], "orders": [[time, name,
fields], ...], "disturbances": [[time, name, value], ...], "settings", "until", "tick_s", "image",
"place", "commit_Wh", "stop", "strap", "ic", "spread"};
times are ISO texts on the load file's clock, amounts decimal texts. Orders are instructions as an
administrator gives them, settings hold from the provisioning on.
With image and place the meter's flash and the world's place are kept, and a later run goes on
from there. Prints one JSON object.
"""

import json
import sys

import board
from joulegate.console.other_energies import energies
from joulegate.console.quality_reports import quality
from joulegate.core.amounts import format_ratio
from joulegate.core.civil import format_time, parse_time
from joulegate.core.quadrants import everything
from joulegate.core.supply_reasons import LIFTS, STATES, names_of, reason_names
from joulegate.drivers.push_button import POLL_MS
from joulegate.vending.carriers import CONSOLE
from joulegate.vending.message_result import Unsupported
from joulegate.vending.meter_actions import MeterActions
from meter.bed import LEAD_IN_S, METER_ID, Bed
from meter.energy_sums import EnergySums
from meter.money import event_value, from_units, to_units, unit_places
from world import bench_clock

_HOLD_UP_MS = 300
REGISTERS = (
    "import_Wh", "export_Wh", "reactive_import_varh", "reactive_export_varh",
    "quadrant_1_varh", "quadrant_2_varh", "quadrant_3_varh", "quadrant_4_varh",
    "apparent_import_VAh", "apparent_export_VAh")
_UNIX_2020 = 1577836800


def check_tariff(app: object, document: dict) -> None:
    """Raise ValueError unless a meter found on flash is of the tariff asked for."""
    found = app.state.billing.tariff.document
    if found.id != document.get("id"):
        raise ValueError("tariff %s: the meter found has %s; give that, or begin a new meter" % (
            document.get("id"), found.id))


class Scenario:
    def __init__(self, spec: dict) -> None:
        self.spec = spec
        self.places = unit_places(spec["tariff"]["currency"])
        self.bed = Bed(spec["load"], spec.get("image"), spec.get("place"),
                       strap=spec.get("strap", 1), ic=spec.get("ic", board.METERING_IC),
                       spread=spec.get("spread", "thirds"))
        self.until = parse_time(spec["until"]) if spec.get("until") else None
        self.actions = self._plan()
        self.timeline = []
        self.receipts = []
        self._reported = 0
        self._tid = 0
        self._sums = None
        self._cut = spec.get("stop") == "pull"

    def _plan(self) -> list:
        """Return (second, function, argument) in order of time, those before now left out."""
        plan = []
        for when, amount, tid in self.spec.get("top_ups", []):
            plan.append((parse_time(when), 1, (to_units(amount, self.places), tid)))
        for start, end, announced in self.spec.get("outages", []):
            a, b = parse_time(start), parse_time(end)
            if b <= a:
                raise ValueError("outage %r: must end after it begins" % [start, end])
            plan.append((a, 2, (b, announced)))
        for loaded, document, start in self.spec.get("next_tariffs", []):
            plan.append((parse_time(loaded), 0, (document, parse_time(start))))
        for when, seconds in self.spec.get("presses", []):
            plan.append((parse_time(when), 3, seconds))
        for when, name, fields in self.spec.get("orders", []):
            plan.append((parse_time(when), 4, (name, fields)))
        for when, name, value in self.spec.get("disturbances", []):
            plan.append((parse_time(when), 5, (name, value)))
        now = self.bed.second - _UNIX_2020
        return sorted((p for p in plan if p[0] >= now), key=lambda p: p[:2])

    def run(self) -> dict:
        if self._over():
            raise ValueError("until %s: must be after the beginning, %s" % (
                self.spec["until"], self._now()))
        app = self.bed.power_up()
        self._sums = EnergySums(app.state.registers, self.bed)
        if app.state.provisioned:
            check_tariff(app, self.spec["tariff"])
        else:
            self._provision(app)
        while not self._over():
            self._act()
            if self._over():
                break
            self._wait(self.bed.app.task.turn())
            self._note()
        return self._close()

    def _over(self) -> bool:
        now = self.bed.second - _UNIX_2020
        return self.bed.premises.over or (self.until is not None and now >= self.until)

    def _provision(self, app: object) -> None:
        bench_clock.advance_us(LEAD_IN_S * 1000000 - bench_clock.now_us())
        if app.state.error:
            raise ValueError("meter: " + app.state.error)
        warnings = [to_units(w, self.places) for w in self.spec.get("warnings", [])]
        app.provision(
            METER_ID, json.dumps(self.spec["tariff"]).encode(), self.places, warnings=warnings,
            tick_ms=self.spec.get("tick_s", 60) * 1000,
            commit_Wh=self.spec.get("commit_Wh", 100), **self.spec.get("settings", {}))
        balance = to_units(self.spec.get("balance", "0"), self.places)
        if balance:
            self._top_up((balance, None))
            if self.receipts[0]["reason"]:
                raise ValueError("balance %s: %s" % (
                    self.spec["balance"], self.receipts[0]["reason"]))

    def _wait(self, wait_ms: int) -> None:
        """Let time pass until the next tick or the next action, whichever comes first."""
        target = bench_clock.now_us() + wait_ms * 1000
        if wait_ms >= 1000:
            # Whole seconds of the civil clock: readings then end where rows of load do.
            target -= (bench_clock.civil_us() + wait_ms * 1000) % 1000000
        if self.actions:
            due = (self.actions[0][0] + _UNIX_2020) * 1000000 - bench_clock.civil_us()
            target = min(target, bench_clock.now_us() + max(0, due))
        bench_clock.advance_us(max(1000, target - bench_clock.now_us()))
        self.bed.premises.catch_up()

    def _act(self) -> None:
        while self.actions and self.actions[0][0] <= self.bed.second - _UNIX_2020:
            _, kind, argument = self.actions.pop(0)
            if kind == 0:
                document, start = argument
                self.bed.app.state.load_tariff(json.dumps(document).encode(), start)
            elif kind == 1:
                self._top_up(argument)
            elif kind == 3:
                self._press(argument)
            elif kind == 4:
                self._order(*argument)
            elif kind == 5:
                self._disturb(*argument)
            else:
                self._outage(*argument)

    def _top_up(self, argument: tuple) -> None:
        units, tid = argument
        app = self.bed.app
        if tid is None:
            # Identities rise with time, as those of tokens do: minutes since the lead-in.
            self._tid = max(self._tid + 1, app.clock.now() // 60 & 0xFFFFFF)
            tid = self._tid
        receipt = app.gate.credit(tid, units, app.clock.now())
        self.receipts.append({
            "time": format_time(app.clock.now()), "tid": tid,
            "amount": from_units(units, self.places), "code": receipt.code,
            "reason": receipt.reason, "balance": from_units(receipt.balance, self.places)})
        if receipt.reason:
            self.timeline.append({"time": format_time(app.clock.now()),
                                  "event": "credit_refused", "value": receipt.reason})
        self._note()

    def _outage(self, end: int, announced: bool) -> None:
        """Take the mains away until a second; announced by the power-fail line or not."""
        bed = self.bed
        self.timeline.append({"time": self._now(), "event": "power_cut"})
        self._cut = self._cut or not announced
        if announced:
            bed.mains(False)
            bed.app.task.turn()
            bench_clock.advance_us(_HOLD_UP_MS * 1000)
            self._note()
        bed.power_down()
        bed.mains(False)
        for action in [a for a in self.actions if a[1] == 5 and a[0] < end]:
            self.actions.remove(action)
            self._pass_until(action[0])
            self._disturb(*action[2])
        self._pass_until(end)
        bed.premises.catch_up()
        bed.mains(True)
        self._reported = 0
        bed.power_up()
        self.timeline.append({"time": self._now(), "event": "power_up"})

    def _pass_until(self, second: int) -> None:
        """Let time pass while nobody meters."""
        left_us = (second + _UNIX_2020) * 1000000 - bench_clock.civil_us()
        bench_clock.advance_us(max(0, left_us))

    def _disturb(self, name: str, value: object) -> None:
        self.bed.disturb(name, value)
        self.timeline.append({"time": self._now(), "event": "disturbed",
                              "value": "%s %s" % (name, value)})

    def _press(self, seconds: float) -> None:
        """Hold the customer's button down for a time."""
        bed = self.bed
        let_go = (False, 4 * POLL_MS)
        for pressed, ms in (let_go, (True, int(seconds * 1000)), let_go):
            bed.button(pressed)
            for _ in range(0, ms, POLL_MS):
                bench_clock.advance_us(POLL_MS * 1000)
                bed.app.button.look()
        self._note()

    def _order(self, name: str, fields: dict) -> None:
        """Carry out an instruction as if an administrator's message had brought it."""
        app = self.bed.app
        fields = {key: parse_time(value) if key == "until" else value
                  for key, value in fields.items()}
        try:
            getattr(MeterActions(app, None), name)(app.clock.now(), CONSOLE, **fields)
        except (ValueError, Unsupported) as e:
            self.timeline.append({"time": self._now(), "event": "order_refused",
                                  "value": "%s: %s" % (name, e)})
        app.task.turn()
        self._note()

    def _now(self) -> str:
        return format_time(self.bed.second - _UNIX_2020)

    def _note(self) -> None:
        log = self.bed.app.log
        for _, when, name, value in log.since(self._reported):
            self.timeline.append({"time": format_time(when), "event": name,
                                  "value": event_value(name, value, self.places)})
        self._reported = log.count

    def _close(self) -> dict:
        app = self.bed.app
        if self.spec.get("stop") != "pull":
            app.metering.step()  # what the chip still holds
            app.metering.commit()
            self._note()
        if self.spec.get("place"):
            self.bed.save_place()
        return self._result(app)

    def _result(self, app: object) -> dict:
        state = app.state
        differs = self._sums.differences(state.registers, self._cut)
        if differs:
            raise ValueError("energy: " + differs)
        account = state.account
        fitted = self.bed.fitted
        statement = state.billing.statement()
        return {
            "currency": self.spec["tariff"]["currency"],
            "ended": self._now(),
            "ticks": app.metering.ticks,
            "timeline": self.timeline,
            "receipts": self.receipts,
            "ledger": {
                "balance": from_units(account.balance, self.places),
                "credits": from_units(account.credits, self.places),
                "charges": from_units(account.charges, self.places),
                "import_kWh": format_ratio(state.registers.wh[0], 1000, 3),
                "export_kWh": format_ratio(state.registers.wh[1], 1000, 3),
                "month_before_tax": format_ratio(statement.before_tax, statement.denominator, 6),
                "sequence": state.ledger.sequence,
                "commits": state.ledger.commits,
            },
            "supply": {"closed": bool(app.switch.closed),
                       "reasons": reason_names(app.state.supply.forbidding),
                       "lifts": names_of(app.state.supply.lifts, LIFTS),
                       "state": STATES[app.state.supply.state]},
            "delivered_kWh": format_ratio(
                fitted.given_out()[0], state.counts_per_kWh * fitted.chip_counts, 8),
            "flash": {"programs": self.bed.flash.programs, "erases": self.bed.flash.erases},
            "outputs": [int(pin()) for pin in app.outputs],
            "quality": quality(app),
            "audit": state.billing.audit(),
            "registers": dict(zip(REGISTERS, everything(state.registers))),
            "demand": self._demand(),
            "energies": energies(app)["rows"],
            "other_energies": from_units(account.other_charges, self.places),
        }

    def _demand(self) -> "dict | None":
        """Return the maxima of this month and of the month before, None while it is off."""
        demand = self.bed.app.state.demand
        if demand is None:
            return None
        return {name: {"import_W": found[0], "at": _at(found[1]), "export_W": found[2],
                       "export_at": _at(found[3])}
                for name, found in (("maximum", demand.maxima), ("before", demand.previous))}


def _at(second: int) -> "str | None":
    return format_time(second) if second else None


def main(arguments: list) -> None:
    with open(arguments[0]) as f:
        spec = json.load(f)
    try:
        result = Scenario(spec).run()
    except ValueError as e:
        print(e, file=sys.stderr)
        sys.exit(2)
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
