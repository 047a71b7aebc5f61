"""Quectel's names, time and power: QIDNSGIP, QLTS, QNTP, QPOWD; fact sheet, sections 3 and 4."""

import asyncio
from datetime import datetime

from tools.modem.command_line import AtError, Call
from tools.modem.family import Later, at
from tools.modem.quectel_files import Files


class System(Files):
    """BG and EC parts show GMT by AT+CCLK?."""

    gmt_clock = True

    def defaults(self) -> None:
        """No error yet."""
        self.is_bc = self.part.name.startswith("BC")
        self.always_active = self.is_bc
        self.gmt_clock = not self.is_bc
        self.last_error = 0
        self.psm_events = False
        super().defaults()

    def fail(self, code: int) -> AtError:
        """An error that AT+QIGETERROR explains; the command says ERROR."""
        self.last_error = code
        return AtError()

    def psm_event(self, what: str) -> None:
        """BC parts say it when asked to by AT+QNBIOTEVENT."""
        if self.is_bc and self.psm_events:
            self.modem.urc(f'+QNBIOTEVENT: "{what} PSM"')

    @at("+QNBIOTEVENT=")
    async def _events(self, call: Call) -> None:
        self.psm_events = bool(call.number(0, 0, 1))

    # Names and time

    @at("+QIDNSGIP=")
    async def _look_up(self, call: Call) -> Later:
        return Later(self._looked_up(call.text(1)))

    async def _looked_up(self, name: str) -> None:
        await asyncio.sleep(self.modem.air.delay_s)
        address = self.modem.air.address_of(name)
        if address is None:
            self.modem.urc('+QIURC: "dnsgip",565')
        else:
            self.modem.urc('+QIURC: "dnsgip",0,1,600')
            self.modem.urc(f'+QIURC: "dnsgip","{address}"')

    @at("+QLTS", "+QLTS=")
    async def _latest_time(self, call: Call) -> None:
        clock, mode = self.modem.clock, call.number(0, 0, 2, 0) if call.op else 0
        if self.is_bc:
            raise AtError()
        if not clock.known:
            self.modem.line.info('+QLTS: ""')
            return
        now = clock.network_now()
        shown = now if mode == 1 else now.astimezone(clock.zone())
        self.modem.line.info(
            f'+QLTS: "{shown:%Y/%m/%d,%H:%M:%S}{clock.sign_quarters()},{clock.daylight}"')

    @at("+QNTP=")
    async def _ntp(self, call: Call) -> Later:
        context, host = call.number(0, 0, 16), call.text(1)
        call.number(2, 1, 65535, 123)
        if not self.active(context):
            raise self.fail(570)
        return Later(self._ntp_done(host))

    async def _ntp_done(self, host: str) -> None:
        await asyncio.sleep(2 * self.modem.air.delay_s)
        if self.modem.air.address_of(host) is None:
            self.modem.urc("+QNTP: 565")
            return
        now: datetime = self.modem.clock.network_now()
        self.modem.clock.set(now, self.modem.uptime)
        self.modem.urc(f'+QNTP: 0,"{now:%Y/%m/%d,%H:%M:%S}+00"')

    def clock_text(self) -> str:
        """The BC parts write it without quotes, each in its own way."""
        zone = self.modem.clock.sign_quarters() if self.modem.clock.known else "+00"
        if self.part.name == "BC66":
            return f"{self.clock_now():%Y/%m/%d,%H:%M:%S}GMT{zone}"
        if self.is_bc:
            return f"{self.clock_now():%y/%m/%d,%H:%M:%S}{zone}"
        return super().clock_text()

    # Power

    @at("+QPOWD", "+QPOWD=")
    async def _power_down(self, call: Call) -> Later:
        return Later(self.shut_down("POWERED DOWN"))

    @at("+QRST=")
    async def _restart(self, call: Call) -> Later:
        self.modem.count_cfun()
        return Later(self.reset())

    @at("+QSCLK=", "+QCFG=", "+QURCCFG=", "+QINDCFG=")
    async def _taken(self, call: Call) -> None:
        """Taken and without effect here."""

    @at("+QPINC?", "+QPINC=")
    async def _tries_left(self, call: Call) -> None:
        sim = self.modem.sim
        self.modem.line.info(f'+QPINC: "SC",{sim.pin_tries},{sim.puk_tries}')
