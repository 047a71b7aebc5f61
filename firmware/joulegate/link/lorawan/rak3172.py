"""A LoRaWAN module that speaks RUI3: RAK3172 and its kin, over activation by the air.

Refusals are lines that begin with AT_, and what happens on the air comes as lines that begin
with +EVT:. The module keeps its settings and repeats nothing by itself here (RETY 0), so that
what is on the air is known. Echo is left as it is: the engine passes over it.
Source: RAKwireless, RUI3 AT Command Manual. Not tried on hardware.
"""

from binascii import hexlify, unhexlify

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.at_errors import AtError
from joulegate.link.modem.timing import Deadline
from joulegate.storage.link_settings import LORA_BANDS

# What became of a payload.
CONFIRMED = const(0)
UNHEARD = const(1)
BUSY = const(2)
TOO_LONG = const(3)
RESTRICTED = const(4)

RECEIVED_MAX = const(8)
JOIN_MS = const(30000)
"""An attempt to join lasts some seven seconds at the slowest rate."""
SENT_MS = const(30000)
"""Time on air, both receive windows and what the module takes for it."""
_RESTART_MS = const(5000)
_LINE_MAX = const(576)
"""A downlink of 242 bytes in hexadecimal, and what stands before it."""
_EVENT = "+EVT:"
_NOTICES: tuple = (_EVENT, "RAKwireless", "Current Work Mode")
"""What happens on the air, and what the module says when it starts."""


class RuiEngine(AtEngine):
    """The engine for a module whose refusals have a grammar of their own."""

    def is_final(self, text: str, line: str) -> bool:
        """As AtEngine; AtError for a refusal, by its word."""
        if line.startswith("AT_"):
            raise AtError(text.split("=")[0], text=line)
        return line == "OK"


class Rak3172:
    def __init__(self, uart: object, timing: object) -> None:
        """uart, timing: as AtEngine has them."""
        self._timing = timing
        self.engine = engine = RuiEngine(uart, timing)
        engine.reader.use_line_max(_LINE_MAX)
        engine.notices = _NOTICES
        engine.on_notice = self._heard
        self._port = 0
        self._joined = False
        self._join_failed = False
        self._sent = -1
        self._received: list = []
        self._restarted = False
        self.discarded = 0
        """Payloads that found no room."""
        self.strays = 0
        """Payloads of other ports, for many devices, or that cannot be read."""
        self.rssi: int | None = None
        """Of the last payload that came, in dBm."""

    # --- beginning ------------------------------------------------------------------------

    async def set_up(self, values: dict) -> None:
        """Bring the module's settings to those of the link; LinkError.

        values: lora_band, lora_sub_band, lora_dev_eui, lora_join_eui, lora_app_key, lora_port.
        """
        engine = self.engine
        engine.end_session()
        self._received = []
        self._port = values["lora_port"]
        if not await engine.answers(5):
            raise LinkError("lorawan: the module does not answer")
        if await engine.command("AT+NWM=?", "AT+NWM=") != "1":
            # The module starts again when this changes.
            await engine.command("AT+NWM=1")
            await self._timing.sleep_ms(_RESTART_MS)
            engine.end_session()
            if not await engine.answers(10):
                raise LinkError("lorawan: the module does not come back")
        await engine.command("AT+NJM=1")
        await engine.command("AT+BAND=%d" % LORA_BANDS.index(values["lora_band"]))
        if values["lora_sub_band"]:
            await engine.command("AT+MASK=%04X" % (1 << (values["lora_sub_band"] - 1)))
        if values["lora_dev_eui"]:
            await engine.command("AT+DEVEUI=" + values["lora_dev_eui"])
        await engine.command("AT+APPEUI=" + values["lora_join_eui"])
        await engine.command("AT+APPKEY=" + values["lora_app_key"])
        # All the time ready to receive: a credit waits for no uplink.
        await engine.command("AT+CLASS=C")
        await engine.command("AT+CFM=1")
        for command in ("AT+ADR=1", "AT+RETY=0"):
            try:
                await engine.command(command)
            except AtError:
                pass  # it sends at a fixed rate then, or more often than is counted
        self._restarted = False

    async def joined(self) -> bool:
        """Return whether the module is in a network; LinkError."""
        if self._restarted:
            return False
        return await self.engine.command("AT+NJS=?", "AT+NJS=") == "1"

    async def join(self) -> None:
        """Try once to join; LinkError when nobody answers."""
        self._joined = self._join_failed = False
        await self.engine.command("AT+JOIN=1:0:10:0")
        deadline = Deadline(self._timing, JOIN_MS)
        while not self._joined:
            if self._join_failed or deadline.over:
                raise LinkError("lorawan: no answer to the request to join")
            self.engine.pump()
            await self.engine.pause()

    async def data_rate(self) -> int:
        """Return the data rate of the moment, -1 for one that cannot be read; LinkError."""
        rate = await self.engine.command("AT+DR=?", "AT+DR=")
        return int(rate) if rate and rate.isdigit() else -1

    # --- payloads -------------------------------------------------------------------------

    async def send(self, payload: bytes) -> int:
        """Send a payload; return what became of it, CONFIRMED when the network has it.

        LinkError when the module is in no network, or fails.
        """
        self._sent = -1
        try:
            await self.engine.command("AT+SEND=%d:%s" % (
                self._port, hexlify(payload).decode().upper()))
        except AtError as e:
            word = str(e)
            if "BUSY" in word:
                return BUSY
            if "PARAM" in word:
                return TOO_LONG
            if "DUTY" in word:
                return RESTRICTED
            raise
        deadline = Deadline(self._timing, SENT_MS)
        while self._sent < 0 and not deadline.over:
            if self._restarted:
                raise LinkError("lorawan: the module has started again")
            self.engine.pump()
            await self.engine.pause()
        return CONFIRMED if self._sent == CONFIRMED else UNHEARD

    def pump(self) -> None:
        """Hear what has come; LinkError when the module has started again."""
        self.engine.pump()
        if self._restarted:
            raise LinkError("lorawan: the module has started again")

    def take(self) -> "bytes | None":
        """Return the payload that came first, None when there is none."""
        return self._received.pop(0) if self._received else None

    def _heard(self, line: str) -> None:
        if not line.startswith(_EVENT):
            self._restarted = True
            return
        # Older firmware has blanks for underscores.
        event = line[len(_EVENT):].replace(" ", "_")
        if event.startswith("RX_"):
            self._take(event.split(":"))
        elif event == "JOINED":
            self._joined = True
        elif event.startswith("JOIN_FAILED"):
            self._join_failed = True
        elif event.startswith("SEND_CONFIRMED_OK"):
            self._sent = CONFIRMED
        elif event.startswith("SEND_CONFIRMED_FAILED"):
            self._sent = UNHEARD

    def _take(self, fields: list) -> None:
        """Keep a payload: RX_1, RX_2 or RX_C, rssi, snr, UNICAST, port, hexadecimal."""
        try:
            rssi, kind, port = int(fields[1]), fields[3], int(fields[4])
            payload = unhexlify(fields[5])
        except (IndexError, ValueError):
            self.strays += 1
            return
        if kind != "UNICAST" or port != self._port:
            self.strays += 1
            return
        self.rssi = rssi
        if len(self._received) >= RECEIVED_MAX:
            self.discarded += 1
        else:
            self._received.append(payload)
