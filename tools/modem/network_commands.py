"""Registration, signal, PDP contexts, power saving and clock: 3GPP 27.007."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from tools.modem.command_line import AtError, Call
from tools.modem.common import Common
from tools.modem.family import at

ADDRESS = "10.64.128.7"
_CCLK = re.compile(r"(\d\d|\d{4})/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)?")


@dataclass
class Context:
    """A PDP context."""

    kind: str = "IP"
    apn: str = ""
    active: bool = False


class Network(Common):
    """What a modem says of the network. Contexts are numbered as in AT+CGDCONT."""

    always_active = False
    """Whether the first context comes with registration."""
    gmt_clock = False
    """Whether AT+CCLK? shows GMT, not local time."""

    def defaults(self) -> None:
        """No settings but a first context without an APN."""
        super().defaults()
        self.contexts = {1: Context()}
        self.psm = "0"
        self.edrx = "0"
        self.ctzu, self.ctzr = 1, 0

    def usable(self, number: int) -> bool:
        """Whether the network accepts the context: registered and, if told so, the right APN."""
        wanted = self.modem.options.apn
        context = self.contexts.get(number)
        return bool(
            self.modem.registration.data and context is not None
            and (not wanted or context.apn.lower() == wanted.lower()))

    def active(self, number: int) -> bool:
        """Whether data flows on the context."""
        if self.always_active:
            return self.usable(number)
        return self.modem.registration.data and number in self.contexts and (
            self.contexts[number].active)

    def context_lost(self) -> None:
        """None is active any more."""
        for context in self.contexts.values():
            context.active = False

    # Registration

    @at("+CREG?", "+CGREG?", "+CEREG?")
    async def _registration(self, call: Call) -> None:
        mode = self.modem.registration.modes[call.name]
        text = f"{call.name}: {mode},{self.modem.place(mode)}"
        if mode == 4 and self.modem.registration.data:
            text += ',,,"00100001","00000111"'
        self.modem.line.info(text)

    @at("+CREG=", "+CGREG=", "+CEREG=")
    async def _registration_urc(self, call: Call) -> None:
        high = 5 if call.name == "+CEREG" else 2
        self.modem.registration.modes[call.name] = call.number(0, 0, high)

    @at("+CSQ")
    async def _signal(self, call: Call) -> None:
        found = self.modem.registration.stat not in (0, 2)
        self.modem.line.info(f"+CSQ: {self.modem.signal if found else 99},99")

    @at("+COPS?")
    async def _operator(self, call: Call) -> None:
        stat = self.modem.registration.data
        self.modem.line.info('+COPS: 0,0,"TEST NET",7' if stat else "+COPS: 0")

    @at("+COPS=")
    async def _set_operator(self, call: Call) -> None:
        call.number(0, 0, 4)

    @at("+CGATT?")
    async def _attached(self, call: Call) -> None:
        self.modem.line.info(f"+CGATT: {int(self.modem.attached)}")

    @at("+CGATT=")
    async def _attach(self, call: Call) -> None:
        wanted = bool(call.number(0, 0, 1))
        if wanted and not self.modem.registration.data:
            raise AtError(30)
        self.modem.attached = wanted

    # Contexts

    @at("+CGDCONT=")
    async def _define(self, call: Call) -> None:
        number = call.number(0, 0, 16)
        if call.count() == 1:
            self.contexts.pop(number, None)
        else:
            self.contexts[number] = Context(call.text(1, "IP"), call.text(2, ""))

    @at("+CGDCONT?")
    async def _defined(self, call: Call) -> None:
        for number, context in sorted(self.contexts.items()):
            self.modem.line.info(
                f'+CGDCONT: {number},"{context.kind}","{context.apn}","0.0.0.0",0,0')

    @at("+CGAUTH=", "+CGDSCONT=", "+CGEREP=", "+CSCON=")
    async def _authentication(self, call: Call) -> None:
        call.number(0, 0, 16)

    @at("+CGACT=")
    async def _activate(self, call: Call) -> None:
        wanted, number = call.number(0, 0, 1), call.number(1, 0, 16, 1)
        if wanted and not self.usable(number):
            raise AtError(30 if not self.modem.registration.data else 148)
        if number in self.contexts:
            self.contexts[number].active = bool(wanted)

    @at("+CGACT?")
    async def _activated(self, call: Call) -> None:
        for number in sorted(self.contexts):
            self.modem.line.info(f"+CGACT: {number},{int(self.active(number))}")

    @at("+CGPADDR", "+CGPADDR=", "+CGPADDR?")
    async def _address(self, call: Call) -> None:
        asked = [call.number(0, 0, 16)] if call.op == "=" else sorted(self.contexts)
        for number in asked:
            address = ADDRESS if self.active(number) else "0.0.0.0"
            self.modem.line.info(f'+CGPADDR: {number},"{address}"')

    @at("+CGCONTRDP", "+CGCONTRDP=")
    async def _dynamic(self, call: Call) -> None:
        for number, context in sorted(self.contexts.items()):
            if self.active(number):
                self.modem.line.info(
                    f'+CGCONTRDP: {number},5,"{context.apn}","{ADDRESS}.255.255.255.0"')

    # Power saving

    @at("+CPSMS=")
    async def _set_psm(self, call: Call) -> None:
        mode = call.number(0, 0, 2)
        if mode == 1 and call.count() > 3:
            try:
                self.modem.psm.ask(call.text(3), call.text(4))
            except ValueError:
                raise AtError(50) from None
        elif mode != 1:
            self.modem.psm.refuse()
        self.psm = call.raw

    @at("+CPSMS?")
    async def _get_psm(self, call: Call) -> None:
        self.modem.line.info(f"+CPSMS: {self.psm}")

    @at("+CEDRXS=")
    async def _set_edrx(self, call: Call) -> None:
        call.number(0, 0, 3)
        self.edrx = call.raw

    @at("+CEDRXS?")
    async def _get_edrx(self, call: Call) -> None:
        self.modem.line.info(f"+CEDRXS: {self.edrx}")

    # Clock

    @at("+CTZU=", "+CTZR=", "+CLTS=")
    async def _time_updates(self, call: Call) -> None:
        value = call.number(0, 0, 3)
        if call.name == "+CTZU":
            self.ctzu = value
        elif call.name == "+CTZR":
            self.ctzr = value

    def nitz_came(self) -> None:
        """Said by +CTZV if AT+CTZR= asked for it."""
        if self.ctzr:
            self.modem.urc(f"+CTZV: {self.modem.clock.sign_quarters()}")

    @at("+CTZU?")
    async def _get_ctzu(self, call: Call) -> None:
        self.modem.line.info(f"+CTZU: {self.ctzu}")

    def clock_now(self) -> datetime:
        """What AT+CCLK? is to show: in the network's zone, or GMT for modems that do so."""
        modem = self.modem
        now = modem.clock.now(modem.uptime)
        return now if self.gmt_clock or not modem.clock.known else now.astimezone(
            modem.clock.zone())

    def clock_text(self) -> str:
        """The clock as AT+CCLK? writes it."""
        known = self.modem.clock.known
        zone = self.modem.clock.sign_quarters() if known else "+00"
        return f'"{self.clock_now():%y/%m/%d,%H:%M:%S}{zone}"'

    @at("+CCLK?")
    async def _clock(self, call: Call) -> None:
        self.modem.line.info(f"+CCLK: {self.clock_text()}")

    @at("+CCLK=")
    async def _set_clock(self, call: Call) -> None:
        found = _CCLK.fullmatch(call.text(0))
        if found is None:
            raise AtError(50)
        year, month, day, hour, minute, second = (int(v) for v in found.groups()[:6])
        quarters = int(found.group(7) or 0)
        try:
            local = datetime(
                year if year > 99 else 2000 + year, month, day, hour, minute, second,
                tzinfo=UTC if self.gmt_clock else timezone(timedelta(minutes=15 * quarters)))
        except ValueError:
            raise AtError(50) from None
        self.modem.clock.set(local.astimezone(UTC), self.modem.uptime)
