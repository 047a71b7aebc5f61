"""PPP by dialling: ATD*99#, CONNECT, bytes that are no commands, and the ways back.

Sources: fact sheet, section 8; ITU-T V.250, 6.3.1 (D), 6.3.6 (H), 6.3.7 (O); 3GPP TS 27.007,
10.1.12 (+CGDATA); RFC 1661 and 1662 for LCP's Terminate. Nobody speaks PPP here but for that: what
the client sends is kept for the control socket, what the far end says comes from there.
"""

import re
from typing import Any

from tools.modem.command_line import AtError, Call
from tools.modem.family import at
from tools.modem.network_commands import Network

ROOM = 65536
"""Bytes of the client that are kept; later ones are only counted."""
FLAG, ESCAPE = 0x7E, 0x7D
_GPRS = re.compile(r"\*99(?:\*[^*#]*\*[^*#]*\*(\d{1,2}))?#")
_LCP = b"\xc0\x21"
_TERMINATE, _TERMINATED = 5, 6


def check_sequence(data: bytes) -> bytes:
    """The FCS-16 of RFC 1662, C.2, as it is sent."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return (value ^ 0xFFFF).to_bytes(2, "little")


def frame(data: bytes) -> bytes:
    """Data in a frame, all control characters escaped."""
    out = bytearray([FLAG])
    for byte in data + check_sequence(data):
        out += bytes([byte]) if byte >= 0x20 and byte not in (FLAG, ESCAPE) else bytes(
            [ESCAPE, byte ^ 0x20])
    return bytes(out) + bytes([FLAG])


def unframe(raw: bytes) -> bytes:
    """What stands between two flags; b"" when its check sequence is wrong."""
    out, escaped = bytearray(), False
    for byte in raw:
        if byte == ESCAPE and not escaped:
            escaped = True
        else:
            out.append(byte ^ 0x20 if escaped else byte)
            escaped = False
    data, sequence = bytes(out[:-2]), bytes(out[-2:])
    return data if check_sequence(data) == sequence else b""


class Ppp(Network):
    """A part has it or not; one without answers as one that knows no such number."""

    connect = "CONNECT 150000000"
    """What is said when the call stands; the rate is that of the air."""

    def defaults(self) -> None:
        """No call."""
        super().defaults()
        self.dialled = 0
        self.ppp_received = bytearray()
        self.ppp_count = 0
        self.ppp_echo = False
        self._frame = bytearray()

    # Dialling

    @at("D=")
    async def _dial(self, call: Call) -> str:
        number = _GPRS.fullmatch(call.raw.strip().upper().removeprefix("T"))
        if number is None:
            return "NO CARRIER"
        return await self._call(int(number.group(1) or 1))

    @at("+CGDATA=")
    async def _data(self, call: Call) -> str:
        if call.text(0, "PPP") != "PPP" or not self.part.ppp:
            raise AtError(50)
        return await self._call(call.number(1, 1, 16, 1))

    async def _call(self, number: int) -> str:
        """A context that the modem's own sockets use cannot be had as well."""
        if not self.part.ppp or self.dialled or not self.usable(number) or (
                self.contexts[number].active):
            return "NO CARRIER"
        self.dialled = number
        self.modem.counts["dialled"] += 1
        self.ppp_received.clear()
        self._frame.clear()
        self.ppp_count = 0
        return self._go_online()

    def _go_online(self) -> str:
        self.modem.line.result(self.connect)
        self.modem.line.online(self._heard)
        return ""

    # Leaving

    @at("O")
    async def _resume(self, call: Call) -> str:
        return self._go_online() if self.dialled else "NO CARRIER"

    @at("H")
    async def _hang_up(self, call: Call) -> None:
        call.number(0, 0, 1, 0)
        self.dialled = 0

    def _carrier_lost(self) -> None:
        """The far end has ended the call."""
        if self.dialled:
            self.dialled = 0
            if self.modem.line.online_now:
                self.modem.line.online(None)
            self.modem.line.result("NO CARRIER")

    def context_lost(self) -> None:
        """A call ends with its context."""
        super().context_lost()
        self._carrier_lost()

    # Bytes

    def _heard(self, data: bytes) -> None:
        self.ppp_received += data[:max(0, ROOM - len(self.ppp_received))]
        self.ppp_count += len(data)
        if self.ppp_echo:
            self.modem.line.raw(data)
        for byte in data:
            if byte != FLAG:
                self._frame.append(byte)
                del self._frame[:-2048]
            elif self._frame:
                found = unframe(bytes(self._frame)).removeprefix(b"\xff\x03")
                self._frame.clear()
                if found[:2] == _LCP and found[2:3] == bytes([_TERMINATE]):
                    self._terminate(found[3:4])
                    return

    def _terminate(self, identifier: bytes) -> None:
        answer = _LCP + bytes([_TERMINATED]) + identifier + b"\x00\x04"
        self.modem.line.raw(frame(b"\xff\x03" + answer))
        self.modem.note("network", "PPP terminated by the client")
        self._carrier_lost()

    def control(self, said: dict[str, Any]) -> dict[str, Any]:
        """Verb ppp: {"say": HEX, "echo": BOOL, "end": BOOL}, each if need be; the call's state."""
        if "ppp" not in said:
            return super().control(said)
        asked = said["ppp"] if isinstance(said["ppp"], dict) else {}
        if extra := set(asked) - {"say", "echo", "end"}:
            raise ValueError(f"ppp: {sorted(extra)} not known")
        if "say" in asked:
            if not self.modem.line.online_now:
                raise ValueError("ppp: say: the line is not in data mode")
            self.modem.line.raw(bytes.fromhex(asked["say"]))
        if "echo" in asked:
            self.ppp_echo = bool(asked["echo"])
        if asked.get("end"):
            self._carrier_lost()
        return {"ppp": {
            "context": self.dialled, "online": bool(self.dialled and self.modem.line.online_now),
            "received": self.ppp_received.hex(), "count": self.ppp_count}}
