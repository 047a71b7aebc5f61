"""The live meter: the firmware's own tasks in accelerated time, steered over standard input.

usage: micropython live.py SPEC

SPEC is a JSON file: {"load", "tariff" (document), "balance", "warnings", "rate", "image",
"place", "console" (TCP port of the console), "blank" (true: leave provisioning to the console),
"network" (see network_setup.py, none: no link), "rs485" (tty of the RS485 bus, which is switched
on if it is off), "ic" and "spread" (see Bed), "control" (TCP port of the laboratory's line),
"laboratory" (its words to begin with), "display" (one of display_models.NAMES, with a keypad;
none: neither), "decoder" (the document of a decoder key for a new meter)}.
Prints a JSON status line about every 0.2 wall seconds. Commands, a line each: "top_up AMOUNT",
"mains", "cover", "press", "key KEY", "quit", and those of laboratory.py.
For tests of a whole device SPEC may have "fram" (true: fit one), "modem" (tty of a modem with no
link) and "status_s" (wall seconds between two statuses), and a command is "disturb NAME VALUE"
with a JSON value (see Bed.disturb).
"""

import asyncio
import json
import select
import sys

import board
import pins
from joulegate.core.amounts import format_ratio
from joulegate.core.civil import format_time
from joulegate.core.supply_reasons import reason_names
from joulegate.drivers.push_button import POLL_MS
from meter import network_setup, part_faults
from meter.bed import LEAD_IN_S, METER_ID, Bed
from meter.display_text import shown
from meter.laboratory import WORDS, Laboratory
from meter.money import event_value, from_units, to_units, unit_places
from meter.scenario import check_tariff
from world import bench_clock, wiring
from world.tcp_line import TcpLine

_STATUS_WALL_S = 0.2
_HOLD_UP_MS = 300
_SKIPPING_MS = 1000
_TREND_S = 86400
_EVENTS = 12
_KEY_MS = 60
_BUS_BAUD = 9600


class Trend:
    """What a day costs, from the charges of about the last day."""

    def __init__(self) -> None:
        self._points = []

    def add(self, second: int, charges: int) -> None:
        points = self._points
        if not points or second - points[-1][0] >= 3600:
            points.append((second, charges))
            if second - points[0][0] > _TREND_S:
                points.pop(0)

    def days_left(self, second: int, charges: int, balance: int) -> str:
        if not self._points or second - self._points[0][0] < 3600:
            return ""
        spent = charges - self._points[0][1]
        if spent <= 0:
            return ""
        return format_ratio(
            max(0, balance) * (second - self._points[0][0]), spent * 86400, 1)


class Live:
    def __init__(self, spec: dict) -> None:
        self.spec = spec
        self.places = unit_places(spec["tariff"]["currency"])
        display = spec.get("display")
        self.bed = Bed(
            spec["load"], spec.get("image"), spec.get("place"),
            ic=spec.get("ic", board.METERING_IC), spread=spec.get("spread", "thirds"),
            display=display, panel=bool(display))
        self.mains = True
        self.cover = True
        self.running = True
        self.message = ""
        self.events = []
        self._reported = 0
        self._tid = 0
        self._trend = Trend()
        self._task = None
        if spec.get("console"):
            wiring.wire_uart(pins.CONSOLE_UART, TcpLine(spec["console"]))
        if spec.get("rs485"):
            wiring.wire_uart(pins.RS485_UART, spec["rs485"])
        self.laboratory = Laboratory(self.bed, spec["rate"], spec.get("control", 0))
        if spec.get("network"):
            network_setup.wire(spec["network"])
        part_faults.fit(self.bed, spec)
        self._obeyed = 0
        self._status_s = spec.get("status_s", _STATUS_WALL_S)
        self._input = select.poll()
        self._input.register(sys.stdin, select.POLLIN)

    async def run(self) -> None:
        self._power_up()
        for line in self.spec.get("laboratory", ()):
            await self.laboratory.obey(line.split())
        bench_clock.set_mode(self.spec["rate"])
        pause_ms = max(1, int(self.spec["rate"] * self._status_s * 1000))
        laboratory = asyncio.create_task(self.laboratory.run())
        while self.running and not self.bed.premises.over:
            while self._input.poll(0):
                line = sys.stdin.readline()
                if not line:
                    self.running = False
                    break
                await self._obey(line.strip())
                self._obeyed += 1
            self._status()
            await asyncio.sleep_ms(pause_ms if bench_clock.rate() else _SKIPPING_MS)
        laboratory.cancel()
        self._close()

    def restart(self, cause: int) -> None:
        """Start the firmware again after a reset of its chip; the world goes on."""
        self.bed.reset(cause)
        self._task = None
        self.message = "the meter was reset"

    def _power_up(self) -> None:
        app = self.bed.power_up()
        self._reported = 0
        if app.state.error:
            raise ValueError("meter: %s; --fresh begins with a new one" % app.state.error)
        if self.spec.get("blank"):
            pass
        elif app.state.provisioned:
            check_tariff(app, self.spec["tariff"])
        else:
            if bench_clock.now_us() < LEAD_IN_S * 1000000:
                bench_clock.advance_us(LEAD_IN_S * 1000000 - bench_clock.now_us())
            app.provision(
                METER_ID, json.dumps(self.spec["tariff"]).encode(), self.places,
                warnings=[to_units(w, self.places) for w in self.spec["warnings"]])
            self._top_up(self.spec["balance"])
            if self.spec.get("decoder"):
                app.entrance.install_token_key(self.spec["decoder"])
        if self.spec.get("network"):
            network_setup.set_up(app, self.spec["network"])
        if self.spec.get("rs485") and not app.state.settings.values["bus_baud"]:
            app.commissioning.change_settings({"bus_baud": _BUS_BAUD})
        self._task = asyncio.create_task(app.run())

    async def _obey(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "top_up":
            self._top_up(rest)
        elif word == "disturb":
            self._disturb(*rest.partition(" "))
        elif word == "mains":
            await self._switch_mains()
        elif word == "cover":
            self.cover = not self.cover
            self.bed.cover(self.cover)
        elif word == "press":
            await self._press()
        elif word in WORDS:
            try:
                self.message = json.dumps(await self.laboratory.obey(line.split()))
            except ValueError as e:
                self.message = str(e)
        elif word == "key" and self.bed.keys is not None:
            await self._key(rest)
        elif word == "quit":
            self.running = False
        else:
            self.message = "unknown command %r" % line

    def _disturb(self, name: str, _: str, value: str) -> None:
        try:
            self.bed.disturb(name, json.loads(value))
            self.message = "disturbed: %s %s" % (name, value)
        except (ValueError, TypeError, AttributeError) as e:
            self.message = "cannot disturb: %s %s: %s" % (name, value, e)

    async def _press(self) -> None:
        """Hold the customer's button down long enough for the meter to look at it.

        In real time: faster, the press would be over before this computer has looked twice.
        """
        bench_clock.set_mode(bench_clock.REAL)
        for pressed in (True, False):
            self.bed.button(pressed)
            await asyncio.sleep_ms(4 * POLL_MS)
        bench_clock.set_mode(self.spec["rate"])
        self.message = "the button was pressed"

    async def _key(self, key: str) -> None:
        """Press a key of the keypad, in real time as well."""
        try:
            self.bed.keys.press(key)
        except ValueError as e:
            self.message = str(e)
            return
        bench_clock.set_mode(bench_clock.REAL)
        await asyncio.sleep_ms(_KEY_MS)
        self.bed.keys.release(key)
        await asyncio.sleep_ms(_KEY_MS)
        bench_clock.set_mode(self.spec["rate"])

    def _top_up(self, amount: str) -> None:
        app = self.bed.app
        if app is None:
            self.message = "no top-up: the meter has no power"
            return
        if app.gate is None:
            self.message = "no top-up: the meter is not provisioned"
            return
        try:
            units = to_units(amount, self.places)
        except ValueError as e:
            self.message = str(e)
            return
        self._tid = max(self._tid + 1, app.clock.now() // 60 & 0xFFFFFF)
        receipt = app.credit(self._tid, units)
        self.message = receipt.reason or "top-up of %s accepted" % amount

    async def _switch_mains(self) -> None:
        bed = self.bed
        if self.mains:
            bed.mains(False)
            bed.app.metering.step()
            await asyncio.sleep_ms(_HOLD_UP_MS)
            self._note()
            self._task.cancel()
            bed.power_down()
            self.message = "mains cut: the meter has saved itself and is off"
        else:
            bed.mains(True)
            self._power_up()
            self.message = "mains back: the meter has started again"
        self.mains = not self.mains

    def _note(self) -> None:
        log = self.bed.app.log
        for _, when, name, value in log.since(self._reported):
            self.events.append(
                [format_time(when), name, event_value(name, value, self.places)])
        self._reported = log.count
        self.events = self.events[-_EVENTS:]

    def _status(self) -> None:
        status = {
            "time": format_time(self.bed.second - 1577836800), "mains": self.mains,
            "cover": self.cover, "message": self.message, "obeyed": self._obeyed,
            "contact": self.bed.relay.closed, "currency": self.spec["tariff"]["currency"],
            "provisioned": False,
        }
        if self.bed.app is not None:
            self._note()
            if self.bed.app.state.provisioned:
                self._measured(status)
            panel = self.bed.app.panel
            if panel is not None:
                status["display"] = shown(panel, self.bed.lamps)
        if "status_s" in self.spec:
            status["seen"] = part_faults.look(self.bed)
        status["events"] = self.events
        print(json.dumps(status))

    def _measured(self, status: dict) -> None:
        app = self.bed.app
        reading = app.metering.reading
        billing = app.state.billing
        account = app.state.account
        document = billing.tariff.document
        statement = billing.statement()
        now = app.clock.now()
        self._trend.add(now, account.charges)
        price = billing.tariff.price(billing.season, billing.period, billing.tier)
        status.update({
            "provisioned": True,
            "V": format_ratio(reading.voltage_cV, 100, 2),
            "A": format_ratio(reading.current_mA, 1000, 3),
            "W": reading.active_W,
            "pf": format_ratio(reading.power_factor_milli, 1000, 3),
            "Hz": format_ratio(reading.frequency_cHz, 100, 2),
            "period": document.periods[billing.period],
            "season": document.seasons[billing.season],
            "tier": billing.tier + 1, "tiers": document.tiers,
            "price": format_ratio(
                price.amount, billing.tariff.d2 * 10 ** self.places, self.places),
            "import_kWh": format_ratio(app.state.registers.wh[0], 1000, 3),
            "export_kWh": format_ratio(app.state.registers.wh[1], 1000, 3),
            "month_kWh": format_ratio(statement.import_counts, statement.tariff.d1, 3),
            "month_cost": format_ratio(statement.total, statement.tax_denominator, 2),
            "balance": from_units(account.balance, self.places),
            "days_left": self._trend.days_left(now, account.charges, account.balance),
            "relay": "closed" if app.switch.closed else "open",
            "reasons": reason_names(app.state.supply.forbidding),
            "commits": app.state.ledger.sequence, "ticks": app.metering.ticks,
            "audit": billing.audit(), "link": self._link(),
        })

    def _link(self) -> str:
        link = self.bed.app.network.link
        if link is None:
            return ""
        if link.connected:
            return "connected by " + link.transport
        return "%s %s" % (link.phase, link.failure) if link.failure else link.phase

    def _close(self) -> None:
        app = self.bed.app
        if app is not None:
            app.metering.step()
            if app.state.provisioned:
                app.metering.commit()
        if self.spec.get("place"):
            self.bed.save_place()


def main(arguments: list) -> None:
    with open(arguments[0]) as f:
        spec = json.load(f)
    try:
        live = Live(spec)
        running = True
        while running:
            try:
                asyncio.run(live.run())
                running = False
            except wiring.Reset as reset:
                live.restart(reset.cause)
                asyncio.new_event_loop()
    except ValueError as e:
        print(e, file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
