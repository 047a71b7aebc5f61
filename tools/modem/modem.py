"""A modem: line, faults, state and air put together, with power, boot and a log."""

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from tools.modem import fault_actions
from tools.modem.air import Air, Stream
from tools.modem.family import Family, Socket
from tools.modem.faults import Fault, Faults
from tools.modem.line import Line
from tools.modem.options import Options
from tools.modem.psm import Psm
from tools.modem.runner import Runner
from tools.modem.state import Clock, Message, Registration, Sim, SmsStore
from tools.modem.terminal import Terminal

LOG_ROOM = 20000
TICK_S = 0.02
SOON_S = 0.1
KEY_ON_MS, KEY_OFF_MS = 500, 650


class Modem:
    """Runs on the event loop between start() and close()."""

    def __init__(self, family: type[Family], part: str, options: Options) -> None:
        self.options = options
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_ROOM)
        self.logged = 0
        self.counts: Counter[str] = Counter()
        self._started = asyncio.get_running_loop().time()
        self.terminal = Terminal(options.rate, options.link, self._heard)
        self.line = Line(self._say, self._command, self.note)
        self.air = Air(options.delay_ms / 1000, options.air_rate, options.loss, options.seed)
        for host in options.hosts:
            self.air.add_host(host)
        self.faults = Faults(self._act, self.note)
        self.air.counted = self._counted
        self.sim = Sim(options.pin, options.puk, bool(options.pin))
        self.registration = Registration(options.stat)
        self.clock = Clock(quarters=options.zone)
        self.clock.unset = datetime(options.unset_year, 1, 6, tzinfo=UTC)
        if options.clock is not None:
            self.clock.network_offset_s = (options.clock - datetime.now(UTC)).total_seconds()
        self.sms = SmsStore(options.sms_store)
        self.sms_sent: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.ghosts: list[Stream] = []
        self.signal = options.signal
        self.cfun = 1
        self.cmee = 0
        self.attached = False
        self.power = "off"
        self.deaf = False
        self.skip_bytes = 0
        self.cfun_limit: int | None = None
        self.profile: dict[str, Any] = {}
        self.psm = Psm()
        self._runner = Runner(self)
        self._background: set[asyncio.Task[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self.family = family(self, family.parts[part])

    # Life

    def start(self) -> None:
        """Open the line and, unless told otherwise, switch on."""
        self.terminal.start()
        self._ticker = asyncio.get_running_loop().create_task(self._tick())
        if self.options.power:
            self.power_on()

    def close(self) -> None:
        """End everything."""
        self._stop()
        if self._ticker is not None:
            self._ticker.cancel()
        self.terminal.close()
        for stream in self.ghosts:
            stream.abort()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.faults.poll(None)
            if self.power == "on" and self.psm.due(self.uptime, self.registration.data):
                self._sleep()
            elif self.psm.over(self.uptime):
                self.wake()

    def _sleep(self) -> None:
        self.family.psm_event("ENTER")
        self.note("power", "PSM")
        self.psm.enter(self.uptime)
        self.family.drop_sockets()

    def wake(self) -> None:
        """Out of PSM: its timer or PWRKEY has woken it."""
        self.psm.leave(self.uptime)
        self.note("power", "awake")
        self.family.psm_event("EXIT")

    def power_on(self, silent_ms: float = 0.0) -> None:
        """Boot from nothing; no effect when it is on."""
        if self.power != "off":
            return
        self.power = "booting"
        self.deaf = False
        self.counts["boots"] += 1
        self.settings_default()
        self.cfun = 1
        self.sim.locked = bool(self.sim.pin)
        self.later(self._boot(silent_ms))

    async def _boot(self, silent_ms: float) -> None:
        await asyncio.sleep((self.options.boot_ms + silent_ms) / 1000)
        self.power = "on"
        self.sim.busy_until = max(
            self.sim.busy_until, self.uptime + self.options.sim_ms / 1000)
        noise = self.faults.hit("boot_noise", "boot")
        if noise is not None:
            self.line.raw(fault_actions.noise(int(noise.option("count", 16))))
        if not self.faults.hit("no_boot_strings", "boot"):
            for text in self.family.part.boot:
                if "CPIN" in text:
                    text = text.replace("READY", self.sim.state)
                    text = "+CPIN: NOT INSERTED" if self.sim.absent else text
                self.urc(text)
        self.search()

    def press_power_key(self, ms: float) -> None:
        """PWRKEY held for `ms`: on from 500 ms, off from 650 ms, as BG and EC parts; wakes."""
        if self.psm.asleep:
            self.wake()
        elif self.power == "off":
            if ms >= KEY_ON_MS:
                self.power_on()
        elif ms >= KEY_OFF_MS:
            self.off_soon()

    def power_off(self) -> None:
        """Power is gone at once."""
        self._stop()
        self.power = "off"
        self.terminal.forget()
        self.clock.forget()

    def reboot(self, silent_ms: float = 0.0) -> None:
        """Reset: all that is not saved is gone, far ends are told nothing."""
        self.note("power", "reset")
        self.power_off()
        self.power_on(silent_ms)

    def settings_default(self) -> None:
        """Settings as after power-up, those saved by AT&W included."""
        self.line.reset()
        self.line.echo = self.profile.get("echo", True)
        self.line.verbose = self.profile.get("verbose", True)
        self.line.quiet = False
        self.line.registers.update({3: 13, 4: 10, 5: 8})
        self.cmee = self.profile.get("cmee", 0)
        self.psm = Psm()
        for name in self.registration.modes:
            self.registration.modes[name] = 0
        self.family.defaults()

    def _stop(self) -> None:
        self.family.drop_sockets()
        self.registration.stat = 0
        self.attached = False
        self._runner.stop()
        for task in self._background:
            task.cancel()
        self._background.clear()

    def reset_soon(self) -> None:
        """Reset when what was said is on the line."""
        asyncio.get_running_loop().call_later(SOON_S, self.reboot)

    def off_soon(self) -> None:
        """Switch off when what was said is on the line."""
        asyncio.get_running_loop().call_later(SOON_S, self.power_off)

    def go_online(self, socket: Socket) -> None:
        """Pass bytes between the line and a socket until +++."""
        def send(data: bytes) -> None:
            if socket.stream.open:
                socket.stream.send(data)
        self.line.online(send)

    # Words

    def note(self, kind: str, text: str) -> None:
        """Add to the log: kind in, out, result, prompt, fault, early, lost, ignored, power..."""
        self.logged += 1
        self.log.append({
            "n": self.logged, "t": round(self.uptime, 4), "kind": kind, "text": text})

    def _counted(self, size: int) -> None:
        self.psm.active(self.uptime)
        self.faults.count(size=size)

    def _say(self, data: bytes) -> None:
        if self.power == "on" and not self.deaf and not self.psm.asleep:
            self.terminal.write(data)

    def _heard(self, data: bytes) -> None:
        if self.power != "on" or self.deaf or self.psm.asleep:
            return
        self.psm.active(self.uptime)
        if self.skip_bytes:
            skipped = min(self.skip_bytes, len(data))
            self.skip_bytes -= skipped
            data = data[skipped:]
        if data:
            self.line.feed(data)

    def urc(self, text: str, data: bytes | None = None, tail: bytes = b"\r\n") -> None:
        """Say a line unasked, `data` and `tail` after it; held while a payload is taken."""
        if self.power != "on":
            return
        if self.line.takes_payload:
            self._runner.hold(text, data, tail)
        elif data is None:
            self.line.info(text)
        else:
            self.line.counted(text, data, tail)

    def _command(self, body: str) -> None:
        self._runner.start(body)

    @property
    def current(self) -> str:
        """The command being carried out, or the last one."""
        return self._runner.current

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside the commands; a reset ends it."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    @property
    def uptime(self) -> float:
        """Seconds since the model began."""
        return asyncio.get_running_loop().time() - self._started

    # Network

    def search(self) -> None:
        """Look for a network, as after boot, PIN or CFUN=1."""
        self.later(self._search())

    async def _search(self) -> None:
        if self.cfun != 1 or not self.sim.ready:
            return
        self.set_stat(2)
        busy_s = max(0.0, self.sim.busy_until - self.uptime)
        await asyncio.sleep(busy_s + self.options.register_ms / 1000)
        if self.cfun != 1 or not self.sim.ready or not self.air.reachable:
            return
        self.set_stat(self.registration.answer)
        if self.registration.data and self.options.nitz:
            await asyncio.sleep(self.options.nitz_ms / 1000)
            self.clock.learn()
            self.family.nitz_came()

    def set_stat(self, stat: int) -> None:
        """Registration becomes `stat`; sockets and contexts end with it when data may not flow."""
        had, before = self.registration.data, self.registration.stat
        self.registration.stat = stat
        if stat != before:
            self.note("network", f"registration {stat}")
            for name, mode in self.registration.modes.items():
                if mode:
                    self.urc(f"{name}: {self.place(mode)}")
        if had and not self.registration.data:
            self.lose_context()
        if self.registration.data:
            self.attached = True
            if not had:
                self.family.registered()

    def place(self, mode: int) -> str:
        """<stat> and, by `mode`, area, cell and technology."""
        state = self.registration
        if mode < 2 or not state.data:
            return str(state.stat)
        return f'{state.stat},"{state.tac}","{state.cell}",{state.act}'

    def lose_context(self) -> None:
        """The network has taken the PDP context away."""
        self.attached = self.registration.data
        self.family.drop_sockets()
        self.family.context_lost()

    def receive_sms(self, message: Message) -> int | None:
        """A message has come; its index, None when it waits for room or goes nowhere."""
        return self.family.sms_came(message)

    def count_cfun(self) -> None:
        """Count a CFUN change or reset; a network that is tired of it denies."""
        self.counts["cfun"] += 1
        if self.cfun_limit is not None:
            self.cfun_limit -= 1
            if self.cfun_limit < 0:
                self.registration.answer = 3

    def _act(self, fault: Fault) -> None:
        fault_actions.act(self, fault)
