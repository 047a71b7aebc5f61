"""Commands that all families share: V.250, identification, SIM, power of 3GPP 27.007."""

from typing import Any

from tools.modem.command_line import AtError, Call
from tools.modem.family import Family, Later, at

CIMI, CCID, IMEI = "001010123456789", "8944500000000000000", "860000000000017"
REVISION = "JGM01A01"


class Common(Family):
    """Settings of the line, who the modem is, its SIM, its radio on and off."""

    # V.250

    @at("")
    async def _nothing(self, call: Call) -> None:
        """AT alone."""

    @at("E")
    async def _echo(self, call: Call) -> None:
        self.modem.line.echo = bool(call.number(0, 0, 1))

    @at("V")
    async def _verbose(self, call: Call) -> None:
        self.modem.line.verbose = bool(call.number(0, 0, 1))

    @at("Q")
    async def _quiet(self, call: Call) -> None:
        self.modem.line.quiet = bool(call.number(0, 0, 1))

    @at("X", "&C", "&D", "&K", "&S", "L", "M")
    async def _accepted(self, call: Call) -> None:
        """Taken and without effect here."""

    @at("Z", "&F")
    async def _defaults(self, call: Call) -> None:
        line = self.modem.line
        if call.name == "&F":
            self.modem.profile.clear()
        line.echo = self.modem.profile.get("echo", True)
        line.verbose = self.modem.profile.get("verbose", True)
        line.quiet = False
        self.modem.cmee = self.modem.profile.get("cmee", 0)

    @at("&W")
    async def _save(self, call: Call) -> None:
        line = self.modem.line
        self.modem.profile.update(
            echo=line.echo, verbose=line.verbose, cmee=self.modem.cmee)

    async def dispatch(self, call: Call) -> Any:
        """Also the S registers."""
        if call.name[0] == "S" and call.name[1:].isdecimal():
            registers, number = self.modem.line.registers, int(call.name[1:])
            if call.op == "=":
                registers[number] = call.number(0, 0, 255)
            elif call.op == "?":
                self.modem.line.info(f"{registers.get(number, 0):03d}")
            return "OK"
        return await super().dispatch(call)

    @at("H")
    async def _hang_up(self, call: Call) -> None:
        """Nothing to hang up."""

    @at("D=")
    async def _dial(self, call: Call) -> str:
        """No PPP here."""
        return "NO CARRIER"

    @at("+CMEE=")
    async def _set_cmee(self, call: Call) -> None:
        self.modem.cmee = call.number(0, 0, 2)

    @at("+CMEE?")
    async def _get_cmee(self, call: Call) -> None:
        self.modem.line.info(f"+CMEE: {self.modem.cmee}")

    @at("+IPR=")
    async def _set_rate(self, call: Call) -> None:
        rate = call.number(0, 0, 4000000)
        if rate not in (0, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600):
            raise AtError(50)
        self.modem.profile["ipr"] = rate

    @at("+IPR?")
    async def _get_rate(self, call: Call) -> None:
        self.modem.line.info(f"+IPR: {self.modem.profile.get('ipr', self.part.rate)}")

    @at("+IFC=", "+ICF=")
    async def _flow(self, call: Call) -> None:
        call.number(0, 0, 3)
        self.modem.profile["ifc"] = call.raw

    @at("+IFC?")
    async def _get_flow(self, call: Call) -> None:
        self.modem.line.info(f"+IFC: {self.modem.profile.get('ifc', '0,0')}")

    # Who it is

    @at("I")
    async def _identify(self, call: Call) -> None:
        for text in (self.part.maker, self.part.name, f"Revision: {self.part.name}{REVISION}"):
            self.modem.line.info(text)

    @at("+CGMI", "+GMI")
    async def _maker(self, call: Call) -> None:
        self.modem.line.info(self.part.maker)

    @at("+CGMM", "+GMM")
    async def _model(self, call: Call) -> None:
        self.modem.line.info(self.part.name)

    @at("+CGMR", "+GMR")
    async def _revision(self, call: Call) -> None:
        self.modem.line.info(self.part.name + REVISION)

    @at("+CGSN", "+GSN", "+CGSN=")
    async def _serial(self, call: Call) -> None:
        self.modem.line.info(IMEI if call.op == "" else f"+CGSN: {IMEI}")

    @at("+CIMI")
    async def _imsi(self, call: Call) -> None:
        self._need_sim()
        self.modem.line.info(CIMI)

    @at("+CCID", "+QCCID", "+CICCID", "+NCCID", "+CCID?", "+QCCID?")
    async def _card(self, call: Call) -> None:
        self._need_sim()
        self.modem.line.info(f"{call.name}: {CCID}")

    # SIM

    def _need_sim(self) -> None:
        sim = self.modem.sim
        if sim.absent:
            raise AtError(10)
        if self.modem.uptime < sim.busy_until:
            raise AtError(14)
        if sim.state != "READY":
            raise AtError(11 if sim.state == "SIM PIN" else 12)

    @at("+CPIN?")
    async def _pin_state(self, call: Call) -> None:
        sim = self.modem.sim
        if sim.absent:
            raise AtError(10)
        if self.modem.uptime < sim.busy_until:
            raise AtError(14)
        self.modem.line.info(f"+CPIN: {sim.state}")

    @at("+CPIN=")
    async def _enter_pin(self, call: Call) -> Later | None:
        sim = self.modem.sim
        if sim.absent:
            raise AtError(10)
        self.modem.counts["pin"] += 1
        if sim.state == "READY":
            raise AtError(3)
        if call.count() == 2:
            right = sim.unblock(call.text(0), call.text(1))
        elif sim.state == "SIM PUK":
            raise AtError(12)
        else:
            right = sim.enter(call.text(0))
        if not right:
            raise AtError(16 if sim.state == "SIM PIN" else 12)
        return Later(self._unlocked())

    async def _unlocked(self) -> None:
        self.modem.urc("+CPIN: READY")
        self.modem.search()

    @at("+CLCK=")
    async def _lock(self, call: Call) -> None:
        self._need_sim()
        sim, mode = self.modem.sim, call.number(1, 0, 2)
        if call.text(0) != "SC":
            raise AtError(4)
        if mode == 2:
            self.modem.line.info(f"+CLCK: {int(bool(sim.pin))}")
        elif not mode:
            if call.text(2) != sim.pin:
                raise AtError(16)
            sim.pin = ""

    @at("+CPINR", "+CPINR=")
    async def _tries(self, call: Call) -> None:
        sim = self.modem.sim
        self.modem.line.info(f"+CPINR: SIM PIN,{sim.pin_tries},3")
        self.modem.line.info(f"+CPINR: SIM PUK,{sim.puk_tries},10")

    # Power

    @at("+CFUN?")
    async def _get_cfun(self, call: Call) -> None:
        self.modem.line.info(f"+CFUN: {self.modem.cfun}")

    @at("+CFUN=")
    async def _set_cfun(self, call: Call) -> Later | None:
        modem, level = self.modem, call.number(0, 0, 4)
        if level not in (0, 1, 4):
            raise AtError(50)
        modem.count_cfun()
        if call.number(1, 0, 1, 0):
            return Later(self.reset())
        before, modem.cfun = modem.cfun, level
        if level == 1 and before != 1:
            modem.search()
        elif level != 1:
            modem.set_stat(0)
        return None

    async def reset(self) -> None:
        """Reset by command, after its OK."""
        modem = self.modem
        modem.note("power", "reset by command")
        modem.reset_soon()

    async def shut_down(self, *said: str) -> None:
        """Switch off by command, after its OK."""
        for text in said:
            self.modem.urc(text)
        self.modem.off_soon()
