"""Quectel's file commands QF*: certificates and keys go into the modem by them."""

from tools.modem.command_line import AtError, Call
from tools.modem.family import at
from tools.modem.sms_commands import Sms

ROOM = 256 * 1024
NOT_FOUND, EXISTS, TOO_LARGE = 405, 407, 403


def checksum(data: bytes) -> str:
    """The exclusive or of 16-bit words, as +QFUPL: shows it."""
    padded = data + b"\0" * (len(data) % 2)
    value = 0
    for at_byte in range(0, len(padded), 2):
        value ^= padded[at_byte] << 8 | padded[at_byte + 1]
    return f"{value:x}"


def _plain(name: str) -> str:
    return name.removeprefix("UFS:")


class Files(Sms):
    """A flat store that outlives resets."""

    @at("+QFUPL=")
    async def _upload(self, call: Call) -> None:
        name, size = _plain(call.text(0)), call.number(1, 1, ROOM)
        if not name or len(name) > 80:
            raise AtError(406)
        if name in self.modem.files:
            raise AtError(EXISTS)
        if sum(len(data) for data in self.modem.files.values()) + size > ROOM:
            raise AtError(TOO_LARGE)
        data = await self.payload(size, False, prompt="CONNECT\r\n") or b""
        self.modem.files[name] = data
        self.modem.line.info(f"+QFUPL: {len(data)},{checksum(data)}")

    @at("+QFLST", "+QFLST=")
    async def _list(self, call: Call) -> None:
        wanted = _plain(call.text(0)) if call.op else "*"
        for name, data in sorted(self.modem.files.items()):
            if wanted in ("*", name):
                self.modem.line.info(f'+QFLST: "UFS:{name}",{len(data)}')

    @at("+QFDEL=")
    async def _delete(self, call: Call) -> None:
        name = _plain(call.text(0))
        if name == "*":
            self.modem.files.clear()
        elif self.modem.files.pop(name, None) is None:
            raise AtError(NOT_FOUND)

    @at("+QFLDS=")
    async def _space(self, call: Call) -> None:
        used = sum(len(data) for data in self.modem.files.values())
        self.modem.line.info(f"+QFLDS: {ROOM - used},{ROOM}")
