"""The modem's task: brings the modem up, serves stream, messages and clock, and starts again.

It alone speaks to the modem. Whatever fails ends the session, and the ladder says what is done
about it and when. Nothing it does takes the processor for longer than a few hundred bytes of
reading or writing, but for a token that came by SMS, which the gate takes as any other.
Source: the modem sheet, sections 1 to 4 and 10 (failures 8, 11, 12).
"""

from micropython import const

from joulegate.core.civil import civil_of
from joulegate.link.errors import LinkError
from joulegate.link.modem import family_finder, ladder
from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.at_errors import AtError, AtTimeout, PoweredDown, Restarted
from joulegate.link.modem.family import Family, attempt
from joulegate.link.modem.network_clock import parse_time
from joulegate.link.modem.registration import Registration, SettingsError
from joulegate.link.modem.timing import Deadline

CHECK_MS = const(60000)
CLOCK_MS = const(21600000)
_IDLE_MS = const(20)
_RECHECK_MS = const(10000)
_RADIO_OFF_MS = const(10000)
_AGAIN_MS = const(5000)
_STEADY_MS = const(600000)
"""A session this long shows that the modem works, whatever ends it."""


class Modem:
    def __init__(
        self, uart: object, timing: object, settings: dict, lines: object, transport: object,
        sms: object, clock: object, notes: object, dialler: object = None,
        flow_control: bool = False,
    ) -> None:
        """uart: as AtEngine has it, with a buffer of 4096 bytes for what comes. timing: a Timing.
        settings: "apn", and if need be "apn_user", "apn_password", "sim_pin", and "family", one
        of family_finder.FAMILIES for a modem that is not recognised. lines: PowerLines.
        transport: ModemTransport, or a NoStream. sms: Sms. clock: joulegate.clock's, for uptime,
        now, valid and adjust. notes: as Registration has them. dialler: Dialler, where PPP is
        wanted. flow_control: whether the UART has RTS and CTS, which the modem is then told to
        heed.
        """
        self._timing = timing
        self._settings = settings
        self._lines = lines
        self._transport = transport
        self._sms = sms
        self._dialler = dialler
        self._clock = clock
        self.flow_control = flow_control
        self.engine = AtEngine(uart, timing)
        self.engine.on_notice = self._heard
        self.registration = Registration(timing, notes)
        self.ladder = ladder.Ladder(clock.uptime, lines.can_reset, lines.can_cut)
        self.family: object | None = None
        self.model = ""
        self.restarts = 0
        """How often the modem began anew by itself."""
        self.sessions = 0
        """How often it was brought up."""
        self._check = Deadline(timing, 0)
        self._clock_due = Deadline(timing, 0)
        self._steady = Deadline(timing, _STEADY_MS)
        self._served = 0
        self._lost = False

    async def run(self) -> None:
        """Do all that for ever."""
        while True:
            try:
                self._transport.begin()
                if self._dialler is not None:
                    self._dialler.begin()
                await self._bring_up()
                await self._serve()
            except Restarted as e:
                self.restarts += 1
                off = isinstance(e, PoweredDown)
                await self._failed(str(e), True, ladder.NOTHING if self._steady.over and not off
                                   else ladder.REOPEN)
            except NoAnswer as e:
                await self._failed(str(e), True, ladder.HARD_RESET)
            except (SettingsError, ValueError) as e:
                await self._failed(str(e), False, ladder.REOPEN, ladder.REOPEN)
            except (LinkError, OSError) as e:
                await self._failed(str(e), False, ladder.REOPEN)

    # --- coming up ------------------------------------------------------------------------

    async def _bring_up(self) -> None:
        engine = self.engine
        engine.end_session()
        self._steady.again()
        self._lost = False
        if not await engine.answers(3):
            await self._start()
        if self.family is None:
            await self._recognise()
        family = self.family
        await engine.begin_session()
        await self._fix_line()
        for command in family.setup:
            await attempt(engine, command)
        await self._turn_radio_on()
        await self.registration.unlock(engine, self._settings.get("sim_pin", ""))
        await self.registration.use_apn(engine, family, self._settings["apn"])
        await self._sms.set_up(engine, family)
        await self.registration.register(engine, family)
        await self._measure()
        self._check.start(CHECK_MS)
        self._clock_due.end()
        self.sessions += 1
        if self._dialler is not None:
            self._dialler.ready = True

    async def _start(self) -> None:
        """Start a modem that says nothing, as one that is off does."""
        family = self.family or Family()
        if self._lines.can_start and self.ladder.may(ladder.HARD_RESET):
            await self._lines.start(family)
        if not await self.engine.answers(family.boot_ms // 400):
            raise NoAnswer("modem: no answer to AT in %d s" % (family.boot_ms // 1000))

    async def _recognise(self) -> None:
        engine = self.engine
        await engine.command("ATE0", tries=3)
        lines: list = []
        await engine.command("AT+CGMM", "", tries=3, each=lines.append)
        for line in lines:
            # A modem that has just started says other things, too.
            if line[:1] not in "+*^" or line[:6] == "+CGMM:":
                self.model = line.replace("+CGMM:", "").strip()
                break
        name = self._settings.get("family", "")
        self.family = family_finder.family(name) if name else family_finder.family_of(self.model)
        engine.boots = self.family.boots
        engine.notices = self.family.notices + self._sms.notices + self.family.registrations
        engine.reader.use_line_max(self.family.line_max)

    async def _fix_line(self) -> None:
        """Have a modem that looks for the rate keep to this one, and use the wires there are."""
        engine = self.engine
        try:
            rate = await engine.command("AT+IPR?", "+IPR:", tries=2)
        except AtError:
            rate = None
        if rate == "0":
            # Looking for it, it would lose the beginning of the first command, and say no RDY.
            await attempt(engine, "AT+IPR=%d" % self.family.rate)
            await attempt(engine, "AT&W")
        if self.flow_control:
            await attempt(engine, "AT+IFC=2,2")

    async def _turn_radio_on(self) -> None:
        if await self.engine.command("AT+CFUN?", "+CFUN:", tries=3) != "1":
            await self.engine.command("AT+CFUN=1", timeout_ms=15000)

    # --- serving --------------------------------------------------------------------------

    async def _serve(self) -> None:
        """Do what is due, until the line has been lent to PPP and is back."""
        while True:
            self.engine.pump()
            if self.idle:
                await self._timing.sleep_ms(_IDLE_MS)
            elif not self._dial_due:
                await self._work()
            elif await self._lend():
                return

    @property
    def idle(self) -> bool:
        """Whether nothing is due. Asked fifty times a second, so it allocates nothing."""
        transport = self._transport
        dialler = self._dialler
        return not (transport.due or (transport.wanted and not transport.attached)
                    or (dialler is not None and dialler.due)
                    or self._sms.due or self._clock_due.over or self._check.over)

    @property
    def _dial_due(self) -> bool:
        """Whether it is time to dial: after what can not be done while the line is lent."""
        return self._dialler is not None and self._dialler.due and not (
            self._clock_due.over or self._sms.due)

    async def _lend(self) -> bool:
        """Lend the line to PPP; return whether it was lent, and the modem is to be brought up
        anew. LinkError."""
        if not self.family.ppp:
            self._dialler.refuse("%s: this family has no PPP" % self.family.name)
            return False
        await self._join()
        # One context serves the modem's own sockets or PPP, not both.
        await self.family.context_down(self.engine)
        self._transport.wanted = False
        self._transport.fail("its line carries PPP", True)
        await self._dialler.serve(self.engine)
        self.ladder.succeeded()
        return True

    async def _work(self) -> None:
        """Do one piece of what is due."""
        transport = self._transport
        if self._clock_due.over:
            # First of all: TLS needs the time.
            await self._ask_time()
        elif transport.wanted and not transport.attached:
            await self._attach()
        elif transport.due:
            if transport.opening and not await self.registration.check(
                    self.engine, self.family):
                raise LinkError("network: " + self.registration.text)
            await transport.step(self.engine, self.family)
            if transport.received != self._served:
                self._served = transport.received
                self.ladder.succeeded()
        elif self._sms.due:
            await self._sms.step(self.engine)
            # What came while the text of a stranger was read was not heard.
            transport.look()
        else:
            await self._look_round()

    async def _attach(self) -> None:
        await self._join()
        await self.family.context_up(self.engine, self._settings)
        self._transport.attached = True

    async def _join(self) -> None:
        """Make sure that the modem is registered and attached for data; LinkError."""
        if not await self.registration.check(self.engine, self.family):
            raise LinkError("network: " + self.registration.text)
        if await self.engine.command("AT+CGATT?", "+CGATT:", tries=3) != "1":
            await self.engine.command("AT+CGATT=1", timeout_ms=150000)

    async def _look_round(self) -> None:
        """See whether the network is still there, and how well it is heard."""
        if not await self.registration.check(self.engine, self.family):
            if self._lost:
                raise LinkError("network: lost, " + self.registration.text)
            self._lost = True
            self._check.start(_RECHECK_MS)
            return
        self._lost = False
        self._check.start(CHECK_MS)
        await self._measure()

    async def _measure(self) -> None:
        await self.registration.measure(self.engine)
        self._transport.rssi = self.registration.rssi
        if self._dialler is not None:
            self._dialler.rssi = self.registration.rssi

    async def _ask_time(self) -> None:
        """Offer the network's time to the clock; without one, give the modem the clock's."""
        self._clock_due.start(CHECK_MS)
        command, prefix, utc = self.family.clock
        try:
            second = parse_time(await self.engine.command(command, prefix, tries=2), utc)
        except AtError:
            second = None
        if second is not None:
            self._clock_due.start(CLOCK_MS)
            self._clock.adjust(second)
        elif self._clock.valid:
            year, month, day, _, hour, minute, sec, _ = civil_of(self._clock.now())
            await attempt(self.engine, 'AT+CCLK="%02d/%02d/%02d,%02d:%02d:%02d+00"' % (
                year % 100, month, day, hour, minute, sec))

    def _heard(self, line: str) -> None:
        if line[:6] in ("+CEREG", "+CGREG") or line.startswith("+CREG:"):
            self.registration.heard(line)
            if not (self.registration.allowed or self._lost):
                self._lost = True
                self._check.start(_RECHECK_MS)
        elif line[:3] == "+CM" or line[:4] in ("+CDS", "+CDI"):
            self._sms.heard(line)
        else:
            self._transport.heard(self.family.notice(line))

    # --- going wrong ----------------------------------------------------------------------

    async def _failed(
        self, problem: str, restarted: bool, least: int, most: int = ladder.SUPPLY
    ) -> None:
        """End the session, wait, and take the ladder's next step."""
        if self._steady.over and not self._transport.opening:
            self.ladder.succeeded()
        self._transport.fail(problem, restarted)
        if self._dialler is not None:
            self._dialler.fail(problem)
        self.registration.rssi = self._transport.rssi = None
        if least == ladder.NOTHING:
            return
        step = self.ladder.failed(least, most)
        while self.ladder.wait_s:
            await self._timing.sleep_ms(1000)
        try:
            if self.ladder.may(step):
                await self._take(step)
        except (LinkError, OSError):
            pass  # bringing it up says what is wrong, and the next step is a harder one

    async def _take(self, step: int) -> None:
        family = self.family or Family()
        if step == ladder.CONTEXT:
            await family.context_down(self.engine)
        elif step == ladder.RADIO:
            await self.registration.restart_radio(self.engine, off_ms=_RADIO_OFF_MS)
        elif step == ladder.SOFT_RESET:
            self.engine.end_session()
            await attempt(self.engine, family.restart, 5000)
            await self._timing.sleep_ms(_AGAIN_MS)
        elif step == ladder.HARD_RESET:
            self.engine.end_session()
            await self._lines.reset(family)
        elif step == ladder.SUPPLY:
            # Never cut the supply of one that still writes its flash.
            self.engine.end_session()
            try:
                await attempt(self.engine, family.off, 5000)
            except LinkError:
                pass
            await self._timing.sleep_ms(_AGAIN_MS)
            await self._lines.cut(family)


class NoAnswer(AtTimeout):
    """The modem is off, or gone."""
