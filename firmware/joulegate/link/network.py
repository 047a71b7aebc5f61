"""The network of a meter: what of `link` its board and its settings ask for, built and run.

A meter without link settings pays for this module alone: all else is loaded when they are
there. Beside the link task runs that of the modem, if one is wanted, and once a second what is
nobody else's: reminders go to the modem, the network's strength to the uplink, and the time to
the system clock, by which certificates are judged.
"""

import asyncio
import os

from micropython import const

from joulegate.core import events as event
from joulegate.core.civil import civil_of

FILE = "link.json"
CERTIFICATES = "/certs"

_BUILT_BY = ("transports", "family", "sim_pin")
"""What the parts are built by, beside the settings of LoRaWAN. A modem whose SIM has refused a PIN
has that in mind, and is built anew for another one."""

_FAST = const(115200)
_SLOW = const(9600)
"""The one rate of a BC95, which cannot be asked for its name at another."""

_SECOND_MS = const(1000)
_FAILED_MS = const(60000)
"""Rest after a mistake of ours, before all is built anew."""
_HOUR_S = const(3600)


class Network:
    def __init__(self, app: object, folder: str) -> None:
        """app: the meter's parts; its board answers wlan(), modem(), ppp(), system_clock() and
        SOCKETS. folder: of the meter's storage.

        Touches no file; `start` does.
        """
        self._app = app
        self._folder = folder
        self._settings: object = None
        self._changed = asyncio.Event()
        self.uplink: object = None
        """What the meter says, None without a link."""
        self.link: object = None
        self.modem: object = None
        self.sms: object = None
        self.transports: dict = {}
        self._reminders: object = None
        self._clock_set_s = -_HOUR_S
        self._anew = False

    @property
    def settings(self) -> object:
        """The LinkSettings, read when first asked for."""
        if self._settings is None:
            from joulegate.storage.link_settings import LinkSettings
            self._settings = LinkSettings(
                self._folder + "/" + FILE, self._folder + CERTIFICATES)
            for _ in self._settings.load():
                self._app.log.add(event.SETTING_DEFAULTED, self._app.clock.now())
        return self._settings

    def alive(self) -> bool:
        """Whether the link task goes on, or there is none: for the watchdog."""
        return self.link is None or self.link.alive()

    def start(self, now: int) -> None:
        """Make what says and hears, before the keys for messages are read. Never raises."""
        try:
            if self.uplink is None and FILE in os.listdir(self._folder):
                self._make_uplink(now)
        except (OSError, MemoryError):
            self._app.log.add(event.STORAGE_ERROR, now)

    def change(self, changes: dict) -> None:
        """Store link settings, and have them hold at once; LinkSettingError, OSError, and
        nothing has changed."""
        app = self._app
        now = app.clock.now()
        settings = self.settings
        settings.changed(**changes)
        if self.uplink is None:
            # Before they are stored: what needs memory may not get it.
            self._make_uplink(now)
            app.entrance.start_messages(now)
        settings.set(**changes)
        if "sim_pin" in changes:
            self._notes().put("pin_refused", 0)
        app.log.add(event.SETTINGS_CHANGED, now)
        if any([name in _BUILT_BY or name[:4] == "lora" for name in changes]):
            self._anew = True
        self._changed.set()
        if self.link is not None:
            self.link.reconnect()

    async def run(self) -> None:
        """Build what is wanted once it is, and run it for ever; anew when the settings name
        other transports."""
        while self.uplink is None:
            await self._changed.wait()
            self._changed.clear()
        while True:
            self._anew = False
            tasks: list = []
            rest_ms = _SECOND_MS
            try:
                with self._app.loading():
                    tasks = self._begin()
                self._app.loaded()
                while not self._anew:
                    self._each_second()
                    await asyncio.sleep_ms(_SECOND_MS)
                    for task in tasks:
                        if task.done():
                            raise RuntimeError("network: a task has ended")
            except Exception:
                # A mistake of ours must not leave the meter without a link until somebody comes.
                self._app.log.add(event.SOFTWARE_FAILED, self._app.clock.now())
                rest_ms = _FAILED_MS
            finally:
                for task in tasks:
                    task.cancel()
            await asyncio.sleep_ms(rest_ms)

    # --- building -------------------------------------------------------------------------

    def _make_uplink(self, now: int) -> None:
        from joulegate.link.uplink.held import Held
        from joulegate.link.uplink.reminders import Reminders
        from joulegate.link.uplink.sources import Sources
        from joulegate.link.uplink.uplink import Uplink
        from joulegate.storage.outbox import Outbox
        app = self._app
        held = None
        outbox = None
        if app.records is not None:
            outbox = Outbox(self._folder, app.log)
            held = Held(outbox, Sources(app.records, outbox), app.records)
        self.uplink = Uplink(app, held)
        self.uplink.start(now)
        self._reminders = Reminders(app, outbox)

    def _begin(self) -> list:
        """Make the transports and the link, and begin their tasks."""
        from joulegate.link.link_task import Link
        app = self._app
        self.link = self.modem = self.sms = None
        self.transports = {}
        if self.settings.values["lora"]:
            return self._begin_lorawan()
        tasks = []
        names = self.settings.values["transports"]
        make_ppp = app.board.ppp() if "ppp" in names else None
        if "modem" in names or make_ppp is not None:
            tasks.append(self._begin_modem("modem" in names, make_ppp))
        if "socket" in names and app.board.SOCKETS:
            from joulegate.link.socket_transport import SocketTransport
            self.transports["socket"] = SocketTransport("socket", app.clock)
        wlan = app.board.wlan() if "wifi" in names else None
        if wlan is not None:
            from joulegate.link.wifi import WifiTransport
            self.transports["wifi"] = WifiTransport(wlan, self.settings, app.clock)
        self.link = Link(
            self._meter_id, self.settings, self.transports, self.uplink, app.begin_message,
            app.clock, _random, app.log, make_home=self._make_home)
        tasks.append(asyncio.create_task(self.link.run()))
        return [task for task in tasks if task is not None]

    def _make_home(self) -> object:
        from joulegate.link.home import Home
        return Home(self._app, self.settings, self.uplink.budget)

    def _begin_lorawan(self) -> list:
        """Make the link over LoRaWAN, which carries messages and is no stream."""
        app = self._app
        lines = app.board.modem(_FAST)
        if lines is None:
            return []
        from joulegate.link.lorawan.lorawan_task import LorawanLink
        from joulegate.link.lorawan.rak3172 import Rak3172
        from joulegate.link.modem.timing import Timing
        timing = Timing()
        self.link = LorawanLink(
            self._meter_id, self.settings, Rak3172(lines[0], timing), self.uplink,
            app.begin_message, app.clock, _random, app.log, timing)
        return [asyncio.create_task(self.link.run())]

    def _begin_modem(self, sockets: bool, make_ppp: object) -> object:
        """Make what speaks to the modem; return its task, None on a board without a modem.

        sockets: whether its own are wanted. make_ppp: the class network.PPP if PPP is, or None.
        """
        app = self._app
        lines = app.board.modem(_SLOW if self.settings.values["family"] == "bc95" else _FAST)
        if lines is None:
            return None
        from joulegate.link.modem.modem import Modem
        from joulegate.link.modem.power_lines import PowerLines
        from joulegate.link.modem.sms import Sms
        from joulegate.link.modem.sms_tokens import SmsTokens
        from joulegate.link.modem.timing import Timing
        timing = Timing()
        uart, pwrkey, reset, supply, hold_tx = lines
        stream = self._make_stream(sockets, timing)
        dialler = None if make_ppp is None else self._make_dialler(uart, timing, make_ppp)
        self.sms = Sms(timing, SmsTokens(app.enter_token, self._amount).handle)
        self.modem = Modem(
            uart, timing, self.settings.values,
            PowerLines(timing, pwrkey, reset, supply, hold_tx), stream,
            self.sms, app.clock, self._notes(), dialler,
            getattr(app.board, "MODEM_FLOW_CONTROL", False))
        return asyncio.create_task(self.modem.run())

    def _make_stream(self, sockets: bool, timing: object) -> object:
        """Return what the modem's task takes for its stream."""
        if not sockets:
            from joulegate.link.modem.no_stream import NoStream
            return NoStream()
        from joulegate.link.modem.modem_transport import ModemTransport
        stream = self.transports["modem"] = ModemTransport(timing)
        return stream

    def _make_dialler(self, uart: object, timing: object, make_ppp: object) -> object:
        """Make the transport over PPP; return what dials for it."""
        from joulegate.link.modem.dialler import Dialler
        from joulegate.link.ppp import PppTransport
        dialler = Dialler(uart, timing)
        ppp = PppTransport(dialler, make_ppp, self.settings, self._app.clock)
        self.transports["ppp"] = ppp
        if "modem" in self.transports:
            # One line for two: who wants it last has it.
            self.transports["modem"].release = ppp.release
        return dialler

    def _notes(self) -> object:
        from joulegate.storage.notes import Notes
        return Notes(self._folder + "/link.notes")

    def _meter_id(self) -> str:
        state = self._app.state
        return state.meter_id if state.provisioned else ""

    def _amount(self, units: int) -> str:
        from joulegate.core.amounts import format_ratio
        tariff = self._app.state.billing.tariff
        return "%s %s" % (
            format_ratio(units, 10 ** tariff.unit_places, 2), tariff.document.currency)

    # --- every second ---------------------------------------------------------------------

    def _each_second(self) -> None:
        app = self._app
        transport = self.transports.get(self.link.transport) if self.link is not None else None
        if transport is not None:
            self.uplink.signal = transport.signal()
        if self.sms is not None:
            self._reminders.step(app.clock.now())
            if self.sms.room:
                reminder = self._reminders.take()
                if reminder is not None:
                    self.sms.send(*reminder)
        if app.clock.valid and app.clock.uptime() - self._clock_set_s >= _HOUR_S:
            self._clock_set_s = app.clock.uptime()
            app.board.system_clock().datetime(civil_of(app.clock.now()))


def _random(end: int) -> int:
    """Return a number from 0 to end - 1, for what is no secret."""
    return int.from_bytes(os.urandom(4), "big") % end
