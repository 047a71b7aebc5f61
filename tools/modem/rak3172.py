"""RAK3172: LoRaWAN by AT commands, with a network server that tests look into.

Class A: a downlink waits for the next uplink and comes in its first receive window, one a
window; class C: it comes at once. Commands and events follow the maker's RUI3 manual as
generally known; the fact sheet has no section on it. Payload limits are EU868's (LoRaWAN
Regional Parameters, with room for a repeater).
"""

import asyncio
import re
from typing import Any

from tools.modem.command_line import AtError, Call
from tools.modem.common import Common
from tools.modem.family import Later, Part, at
from tools.modem.state import Message

LARGEST = (51, 51, 51, 115, 222, 222, 222, 222)
"""Payload bytes at each data rate of EU868."""
WAITING = 16
PARAMETER, NOT_JOINED, BUSY = "AT_PARAM_ERROR", "AT_NO_NETWORK_JOINED", "AT_BUSY_ERROR"
_SETTINGS = {
    "+DEVEUI": (r"[0-9A-F]{16}", "AC1F09FFFE000001"),
    "+APPEUI": (r"[0-9A-F]{16}", "AC1F09FFF8680000"),
    "+APPKEY": (r"[0-9A-F]{32}", "00000000000000000000000000000000"),
    "+NJM": ("[01]", "1"), "+CFM": ("[01]", "0"), "+ADR": ("[01]", "0"), "+DR": ("[0-7]", "0"),
    "+CLASS": ("[AC]", "A"), "+BAND": (r"\d|1[0-2]", "4"), "+RETY": ("[0-7]", "0"),
    "+LPM": ("[01]", "0"), "+NWM": ("[01]", "1"), "+TXP": (r"\d|1[0-4]", "0"),
    "+JN1DL": (r"\d+", "5"), "+RX1DL": (r"\d+", "1"), "+PNM": ("[01]", "1"),
}


class Rak3172(Common):
    """No sockets and no SIM: joins, sends, receives."""

    parts = {"RAK3172": Part(
        "RAK3172", "RAKwireless", ("RAKwireless RAK3172", "Current Work Mode: LoRaWAN."),
        sms=False)}

    def defaults(self) -> None:
        """Not joined; keys and settings outlive a reset."""
        super().defaults()
        profile = self.modem.profile
        self.settings: dict[str, str] = profile.setdefault(
            "lora", {name: value for name, (_, value) in _SETTINGS.items()})
        self.modem.line.echo = profile.get("echo", False)
        self.server: dict[str, Any] = profile.setdefault(
            "server", {"joins": True, "down": [], "up": [], "acks": True})
        self.joined = self.sending = False
        self.last_received = ""

    async def dispatch(self, call: Call) -> Any:
        """Settings by name; errors are RUI3's own."""
        name = call.name
        try:
            if name not in _SETTINGS:
                return await super().dispatch(call)
            if call.op == "=":
                value = call.raw.strip().upper()
                if not re.fullmatch(_SETTINGS[name][0], value):
                    return PARAMETER
                self.settings[name] = value
                return "OK"
            self.modem.line.info(f"AT{name}={self.settings[name]}")
            return "OK"
        except AtError as error:
            return PARAMETER if error.code == 50 else "AT_ERROR"

    @at("+VER=?", "+VER?")
    async def _version(self, call: Call) -> None:
        self.modem.line.info("AT+VER=RUI_4.0.6_RAK3172-E")

    @at("+NJS=?", "+NJS?")
    async def _joined_or_not(self, call: Call) -> None:
        self.modem.line.info(f"AT+NJS={int(self.joined)}")

    @at("+RSSI=?", "+RSSI?", "+SNR=?", "+SNR?")
    async def _strength(self, call: Call) -> None:
        value = 2 * self.modem.signal - 113 if call.name == "+RSSI" else 8
        self.modem.line.info(f"AT{call.name}={value}")

    @at("+RECV=?", "+RECV?")
    async def _received(self, call: Call) -> None:
        self.modem.line.info(f"AT+RECV={self.last_received or '0:'}")
        self.last_received = ""

    @at("Z")
    async def _restart(self, call: Call) -> str:
        self.modem.reset_soon()
        return ""

    # Joining

    @at("+JOIN=", "+JOIN")
    async def _join(self, call: Call) -> Any:
        parts = call.raw.split(":") if call.op else ["1"]
        if not all(part.isdecimal() for part in parts) or parts[0] not in ("0", "1"):
            return PARAMETER
        if self.sending:
            return BUSY
        if parts[0] == "0":
            return "OK"
        return Later(self._join_over())

    async def _join_over(self) -> None:
        self.sending = True
        self.modem.counts["opens"] += 1
        await asyncio.sleep(self.modem.air.delay_s)
        self.sending = False
        self.joined = self.server["joins"] and self.modem.air.reachable
        event = "JOINED" if self.joined else "JOIN_FAILED_RX_TIMEOUT"
        self.modem.urc("+EVT:" + event)

    # Up and down

    @at("+SEND=")
    async def _send(self, call: Call) -> Any:
        port, _, payload = call.raw.partition(":")
        if not port.isdecimal() or not 1 <= int(port) <= 223:
            return PARAMETER
        if not re.fullmatch(r"([0-9A-Fa-f]{2})+", payload):
            return PARAMETER
        if len(payload) // 2 > LARGEST[int(self.settings["+DR"])]:
            return PARAMETER
        if not self.joined:
            return NOT_JOINED
        if self.sending:
            return BUSY
        self.sending = True
        if self.modem.faults.hit("send_ok_lost", str(call)):
            self.modem.later(self._on_air(int(port), payload.upper()))
            return ""
        return Later(self._on_air(int(port), payload.upper()))

    async def _on_air(self, port: int, payload: str) -> None:
        air = self.modem.air
        confirmed = self.settings["+CFM"] == "1"
        await asyncio.sleep(air.delay_s / 2)
        heard = air.reachable and air.random.random() >= air.loss and not self.modem.faults.hit(
            "send_fail", self.modem.current)
        if heard:
            self.modem.faults.count(size=len(payload) // 2)
            self.server["up"].append(
                {"port": port, "hex": payload, "confirmed": confirmed,
                 "dr": int(self.settings["+DR"])})
            del self.server["up"][:-1000]
        await asyncio.sleep(air.delay_s / 2)
        self.sending = False
        if not confirmed:
            self.modem.urc("+EVT:TX_DONE")
        elif heard and self.server["acks"]:
            self.modem.urc("+EVT:SEND_CONFIRMED_OK")
        else:
            self.modem.urc("+EVT:SEND_CONFIRMED_FAILED(4)")
        if heard and self.server["down"]:
            self._downlink("RX_1", *self.server["down"].pop(0))

    def _downlink(self, window: str, port: int, payload: str) -> None:
        if self.modem.faults.hit("recv_notice_lost", payload):
            return
        self.last_received = f"{port}:{payload}"
        rssi = 2 * self.modem.signal - 113
        self.modem.urc(f"+EVT:{window}:{rssi}:8:UNICAST:{port}:{payload}")

    def sms_came(self, message: Message) -> int | None:
        """None here."""
        return None

    def control(self, said: dict[str, Any]) -> dict[str, Any]:
        """`join`: whether the server admits; `downlink`: queue one; `uplinks`: what it had."""
        if "join" in said:
            self.server["joins"] = bool(said["join"])
        if "downlink" in said:
            port, payload = int(said["downlink"]["port"]), str(said["downlink"]["hex"]).upper()
            bytes.fromhex(payload)
            if not 1 <= port <= 223:
                raise ValueError(f"downlink: port {port}: must be from 1 to 223")
            if len(self.server["down"]) >= WAITING:
                raise ValueError(f"downlink: {WAITING} wait already")
            if self.settings["+CLASS"] == "C" and self.joined:
                self._downlink("RX_C", port, payload)
            else:
                self.server["down"].append((port, payload))
        return {"uplinks": self.server["up"], "waiting": len(self.server["down"])}
