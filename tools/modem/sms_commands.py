"""Text messages: 3GPP 27.005 in text and PDU mode, a store, a centre that others look into."""

import asyncio

from tools.modem import pdu
from tools.modem.command_line import AtError, Call
from tools.modem.family import at
from tools.modem.ppp import Ppp
from tools.modem.state import Message

CENTRE = "+447700900000"
_STATES = ["REC UNREAD", "REC READ", "STO UNSENT", "STO SENT"]


class Sms(Ppp):
    """All answer ERROR on parts without SMS."""

    def defaults(self) -> None:
        """PDU mode, no notices, the GSM alphabet."""
        super().defaults()
        self.cmgf, self.csdh = 0, 0
        self.cscs = "GSM"
        self.cnmi = [0, 0, 0, 0, 0]
        self.csmp = [17, 167, 0, 0]
        self.csca = CENTRE
        self._reference = 0

    def _need(self) -> None:
        if not self.part.sms:
            raise AtError()
        if self.modem.sim.absent:
            raise AtError(310, sms=True)
        if not self.modem.sim.ready:
            raise AtError(311, sms=True)

    # Coming in

    def sms_came(self, message: Message) -> int | None:
        """By AT+CNMI: stored and told of (+CMTI), or handed over at once (+CMT)."""
        if not self.part.sms:
            return None
        self.modem.counts["sms_received"] += 1
        if self.cnmi[1] == 2:
            self._deliver_at_once(message)
            return None
        index = self.modem.sms.put(message)
        if index is not None and self.cnmi[1] == 1:
            self.modem.urc(f'+CMTI: "{self.part.storage}",{index}')
        return index

    def _deliver_at_once(self, message: Message) -> None:
        if self.cmgf:
            head = f'+CMT: "{self._shown(message.sender)}",,"{self._stamp(message)}"'
            self.modem.urc(f"{head}\r\n{self._body(message)}")
        else:
            hexed, octets = self._as_pdu(message)
            self.modem.urc(f"+CMT: ,{octets}\r\n{hexed}")

    def _as_pdu(self, message: Message) -> tuple[str, int]:
        return pdu.deliver(
            message.sender, message.text, message.when, self.csca, message.header)

    def _shown(self, text: str) -> str:
        return text.encode("utf-16-be").hex().upper() if self.cscs == "UCS2" else text

    def _body(self, message: Message) -> str:
        septets = pdu.to_gsm(message.text)
        if septets is None or self.cscs == "UCS2":
            return message.text.encode("utf-16-be").hex().upper()
        if self.cscs == "HEX":
            return septets.hex().upper()
        return "".join(c if ord(c) < 256 else "?" for c in message.text)

    def _stamp(self, message: Message) -> str:
        offset = message.when.utcoffset()
        quarters = int(offset.total_seconds() // 900) if offset else 0
        return f"{message.when:%y/%m/%d,%H:%M:%S}{quarters:+03d}"

    # Reading

    @at("+CMGR=")
    async def _read_message(self, call: Call) -> None:
        self._need()
        index = call.number(0, 0, 255)
        message = self.modem.sms.messages.get(index)
        if message is None:
            raise AtError(321, sms=True)
        self._show(message, "+CMGR: ", "")
        message.state = "REC READ"

    def _show(self, message: Message, head: str, index: str) -> None:
        if self.cmgf:
            self.modem.line.info(
                f'{head}{index}"{message.state}","{self._shown(message.sender)}",,'
                f'"{self._stamp(message)}"\r\n{self._body(message)}')
        else:
            hexed, octets = self._as_pdu(message)
            self.modem.line.info(
                f"{head}{index}{_STATES.index(message.state)},,{octets}\r\n{hexed}")

    @at("+CMGL=", "+CMGL")
    async def _list_messages(self, call: Call) -> None:
        self._need()
        wanted = call.text(0, "REC UNREAD" if self.cmgf else "0") if call.op else "REC UNREAD"
        if not self.cmgf and wanted.isdecimal() and int(wanted) < 5:
            wanted = [*_STATES, "ALL"][int(wanted)]
        if wanted not in (*_STATES, "ALL"):
            raise AtError(302, sms=True)
        for index, message in sorted(self.modem.sms.messages.items()):
            if wanted in ("ALL", message.state):
                self._show(message, "+CMGL: ", f"{index},")
                message.state = "REC READ"

    @at("+CMGD=")
    async def _delete_message(self, call: Call) -> None:
        self._need()
        if not self.modem.sms.delete(call.number(0, 0, 255), call.number(1, 0, 4, 0)):
            raise AtError(321, sms=True)
        waiting, self.modem.sms.waiting = self.modem.sms.waiting, []
        for message in waiting:
            self.sms_came(message)

    # Sending

    @at("+CMGS=")
    async def _send_message(self, call: Call) -> str | None:
        self._need()
        if not self.cmgf:
            octets = call.number(0, 7, 164)
        elif not call.text(0):
            raise AtError(304, sms=True)
        data = await self.payload(None, self.modem.line.echo)
        if data is None:
            return None
        if self.cmgf:
            submit = pdu.Submit(self._number(call.text(0)), self._typed(data), self.csmp[3])
        else:
            try:
                submit = pdu.read_submit(data.decode("ascii").strip(), octets)
            except (pdu.PduError, UnicodeDecodeError):
                raise AtError(304, sms=True) from None
        if not self.modem.registration.data:
            raise AtError(331, sms=True)
        await asyncio.sleep(self.modem.air.delay_s)
        self._reference = (self._reference + 1) % 256
        self.modem.counts["sms_sent"] += 1
        self.modem.sms_sent.append({
            "to": submit.to, "text": submit.text, "coding": submit.coding,
            "header": submit.header.hex()})
        self.modem.line.info(f"+CMGS: {self._reference}")
        return self.sent("OK")

    def _number(self, text: str) -> str:
        if self.cscs == "UCS2":
            try:
                return bytes.fromhex(text).decode("utf-16-be")
            except ValueError:
                raise AtError(304, sms=True) from None
        return text

    def _typed(self, data: bytes) -> str:
        text = data.decode("latin-1")
        try:
            if self.cscs == "UCS2" or self.csmp[3] & 0x0C == 8:
                return bytes.fromhex(text.strip()).decode("utf-16-be")
            if self.cscs == "HEX":
                return pdu.from_gsm(bytes.fromhex(text.strip()))
        except ValueError:
            raise AtError(304, sms=True) from None
        return text

    # Settings

    @at("+CMGF=")
    async def _format(self, call: Call) -> None:
        self._need()
        self.cmgf = call.number(0, 0, 1)

    @at("+CMGF?")
    async def _get_format(self, call: Call) -> None:
        self._need()
        self.modem.line.info(f"+CMGF: {self.cmgf}")

    @at("+CMGF=?")
    async def _formats(self, call: Call) -> None:
        self._need()
        self.modem.line.info("+CMGF: (0,1)")

    @at("+CSCS=")
    async def _charset(self, call: Call) -> None:
        if call.text(0) not in ("GSM", "IRA", "UCS2", "HEX"):
            raise AtError(50)
        self.cscs = call.text(0)

    @at("+CSCS?")
    async def _get_charset(self, call: Call) -> None:
        self.modem.line.info(f'+CSCS: "{self.cscs}"')

    @at("+CSCS=?")
    async def _charsets(self, call: Call) -> None:
        self.modem.line.info('+CSCS: ("GSM","IRA","UCS2","HEX")')

    @at("+CNMI=")
    async def _notices(self, call: Call) -> None:
        self._need()
        highs = (3, 3, 3, 2, 1)
        self.cnmi = [
            call.number(i, 0, highs[i], 0) if i < call.count() else self.cnmi[i]
            for i in range(5)]

    @at("+CNMI?")
    async def _get_notices(self, call: Call) -> None:
        self._need()
        self.modem.line.info("+CNMI: " + ",".join(str(v) for v in self.cnmi))

    @at("+CNMI=?")
    async def _known_notices(self, call: Call) -> None:
        self._need()
        self.modem.line.info("+CNMI: (0-2),(0-2),(0,2),(0,1),(0,1)")

    @at("+CPMS=")
    async def _storage(self, call: Call) -> None:
        self._need()
        if any(place != self.part.storage for place in call.args):
            raise AtError(302, sms=True)
        self.modem.line.info("+CPMS: " + ",".join([self._used()] * 3))

    @at("+CPMS?")
    async def _get_storage(self, call: Call) -> None:
        self._need()
        self.modem.line.info("+CPMS: " + ",".join([f'"{self.part.storage}",{self._used()}'] * 3))

    @at("+CPMS=?")
    async def _storages(self, call: Call) -> None:
        self._need()
        self.modem.line.info("+CPMS: " + ",".join([f'("{self.part.storage}")'] * 3))

    def _used(self) -> str:
        return f"{len(self.modem.sms.messages)},{self.modem.sms.size}"

    @at("+CSMP=")
    async def _parameters(self, call: Call) -> None:
        self._need()
        self.csmp = [call.number(i, 0, 255, 0) for i in range(4)]

    @at("+CSMP?")
    async def _get_parameters(self, call: Call) -> None:
        self._need()
        self.modem.line.info("+CSMP: " + ",".join(str(v) for v in self.csmp))

    @at("+CSDH=", "+CSMS=")
    async def _set_flag(self, call: Call) -> None:
        self._need()
        value = call.number(0, 0, 1)
        if call.name == "+CSMS":
            self.modem.line.info("+CSMS: 1,1,1")
        else:
            self.csdh = value

    @at("+CSMS?")
    async def _service(self, call: Call) -> None:
        self._need()
        self.modem.line.info("+CSMS: 0,1,1,1")

    @at("+CSCA=")
    async def _set_centre(self, call: Call) -> None:
        self._need()
        self.csca = call.text(0)

    @at("+CSCA?")
    async def _centre(self, call: Call) -> None:
        self._need()
        self.modem.line.info(f'+CSCA: "{self._shown(self.csca)}",145')
