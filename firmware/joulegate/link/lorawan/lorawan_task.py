"""The link of a meter that has LoRaWAN and nothing else: join, send, receive, join again.

    rest -> set up -> join -> run -> (lost) -> rest ...

What the uplink has to say goes out in pieces, each confirmed by the network; a message of which
all pieces were is handed over, as a PUBACK does elsewhere. What comes in is put together and given
to the meter's gate; a piece that is lost is for the sender to notice, by the receipt that does
not come. Rules: docs/lorawan.md.
"""

import asyncio

from micropython import const

from joulegate.core import events as event
from joulegate.link.errors import LinkError
from joulegate.link.holds import OUTBOX, Holds, take
from joulegate.link.lorawan import rak3172
from joulegate.link.lorawan.air import SIZE_MIN, AirBudget, airtime_ms, size_max
from joulegate.link.lorawan.pieces import TAGS, Cutter, Gatherer
from joulegate.link.modem.timing import Deadline
from joulegate.link.uplink.bodies import SUFFIXES
from joulegate.vending.carriers import NETWORK

UNHEARD_MAX = const(8)
"""Pieces in a row that the network has not confirmed, then it is joined anew."""
REST_MIN_MS = const(15000)
REST_MAX_MS = const(3600000)
CHECK_MS = const(60000)

_PAUSE_MS = const(8000)
_RESTRICTED_MS = const(60000)
_POLL_MS = const(200)
_SECOND_MS = const(1000)
_MARGIN_MS = const(120000)
"""Longest that the task may be silent besides its rests: a command that gets no answer, and the
recovery from it."""


class LorawanLink:
    def __init__(
        self, meter_id: object, settings: object, radio: object, uplink: object,
        accept: object, clock: object, random: object, log: object, timing: object,
        rest_ms: tuple = (REST_MIN_MS, REST_MAX_MS),
    ) -> None:
        """meter_id, uplink, accept, random, log: as Link has them, in link_task.py; uplink also
        has `budget` and `signal`. settings: a LinkSettings. radio: a Rak3172. clock: answers now
        and uptime. timing: a Timing. rest_ms: shortest and longest rest between tries.
        """
        self._meter_id = meter_id
        self._settings = settings
        self._radio = radio
        self._uplink = uplink
        self._accept = accept
        self._clock = clock
        self._random = random
        self._log = log
        self._timing = timing
        self._rest_min_ms, self._rest_max_ms = rest_ms
        self._gatherer = Gatherer(timing)
        self._air = AirBudget()
        self._band = ""
        self._tag = random(TAGS)
        self._out: Cutter | None = None
        self._token: object = None
        self._rate = -1
        self._size_max = 0
        self._unheard = 0
        self._must_join = False
        self._again = False
        self._tries = 0
        self._wait = Deadline(timing, 0)
        self._check = Deadline(timing, 0)
        self._due = Deadline(timing, _MARGIN_MS)
        self.transport = "lorawan"
        """As Link has it; nothing else carries this."""
        self.session: object = None
        """That of MQTT, which there is none of."""
        self.phase = "rest"
        self.failure = ""
        """What ended the last try or connection."""
        self.connected = False
        self.losses = 0
        """Networks lost after they had been joined."""
        self.failures = 0
        """Tries that did not get so far."""
        self.refused = 0
        """Messages that the meter failed on, or that have too many pieces."""
        self.sent = self.received = 0
        """Messages."""
        self.holds = Holds(timing)
        """How long what came in has held the others up."""

    # --- for the others -------------------------------------------------------------------

    def alive(self) -> bool:
        """Whether the task goes on: for the watchdog. It says nothing of the network."""
        return not self._due.over

    def reconnect(self) -> None:
        """Have all begun anew, as after a change of the settings."""
        self._again = self._must_join = True

    @property
    def airtime_ms(self) -> int:
        """Milliseconds on the air in this budget's day."""
        return self._air.spent_ms

    async def run(self) -> None:
        """Never ends by itself; cancel it."""
        uplink = asyncio.create_task(self._run_uplink())
        try:
            while True:
                if self._settings.values["lora_app_key"] and self._meter_id():
                    await self._round()
                await self._rest()
        finally:
            uplink.cancel()

    async def _round(self) -> None:
        self._again = False
        try:
            await self._bring_up()
            await self._serve()
        except (LinkError, OSError, ValueError, MemoryError) as e:
            self._failed(str(e))
        except Exception as e:
            # A mistake of ours must not end the task: a meter without a link is no meter.
            self._failed(repr(e))
            self._log.add(event.SOFTWARE_FAILED, self._clock.now())
        finally:
            if self.connected:
                self.connected = False
                self._uplink.connected(False)

    def _failed(self, text: str) -> None:
        self.failure = text
        if self.connected:
            self.losses += 1
        else:
            self.failures += 1

    def _enter(self, phase: str) -> None:
        self.phase = phase
        self._due.start(_MARGIN_MS)

    # --- phases ---------------------------------------------------------------------------

    async def _bring_up(self) -> None:
        radio = self._radio
        values = self._settings.values
        self._air.band = self._band = values["lora_band"]
        self._air.daily_ms = values["lora_airtime_s"] * 1000
        self._enter("set up")
        await radio.set_up(values)
        self._enter("join")
        if self._must_join or not await radio.joined():
            await radio.join()
            self._must_join = False
        self._unheard = 0
        self._tries = 0
        self._out = None
        self._wait.start(0)
        self._check.start(CHECK_MS)
        self.phase = "run"
        self.failure = ""
        self.connected = True
        self._uplink.connected(True)
        self._uplink.restart()

    async def _serve(self) -> None:
        """Send and receive until `reconnect`; LinkError when the network is lost."""
        radio = self._radio
        while not self._again:
            self._due.start(_MARGIN_MS)
            radio.pump()
            payload = radio.take()
            if payload is not None:
                await self._take(payload)
                continue
            self._air.pass_time(self._clock.uptime())
            self._uplink.budget.strait = self._air.strait
            self._uplink.signal = radio.rssi
            if self._wait.over and await self._send_piece():
                continue
            if self._check.over:
                self._check.again()
                if not await radio.joined():
                    raise LinkError("lorawan: the module has left its network")
            await self._timing.sleep_ms(_POLL_MS)

    async def _rest(self) -> None:
        """Wait before the next try: half of the time by the rule, half of it by chance."""
        ms = min(self._rest_min_ms << min(self._tries, 12), self._rest_max_ms)
        self._tries += 1
        ms = ms // 2 + self._random(ms // 2 + 1)
        self.phase = "rest"
        self._due.start(ms + _MARGIN_MS)
        over = Deadline(self._timing, ms)
        while not (self._again or over.over):
            await self._timing.sleep_ms(min(ms, _SECOND_MS))
        if self._again:
            self._tries = 0

    # --- out ------------------------------------------------------------------------------

    async def _send_piece(self) -> bool:
        """Send the next piece, if there is one and the air is free; return whether it went."""
        if self._out is None and not await self._next_message():
            return False
        out = self._out
        if not out.fits(self._size_max):
            # Nothing behind it must wait for it.
            self.refused += 1
            self._end_message()
            return False
        piece = out.piece(self._size_max)
        ms = airtime_ms(self._band, self._rate, len(piece))
        if not self._air.allows(ms):
            return False
        self._due.start(_MARGIN_MS)
        result = await self._radio.send(piece)
        if result == rak3172.CONFIRMED:
            self._air.spend(ms)
            self._unheard = 0
            out.passed()
            if out.over:
                self.sent += 1
                self._end_message()
            return True
        if result == rak3172.UNHEARD:
            self._air.spend(ms)
            self._unheard += 1
            if self._unheard >= UNHEARD_MAX:
                self._must_join = True
                raise LinkError("lorawan: %d payloads without an answer" % UNHEARD_MAX)
            # The data rate may have become slower.
            await self._measure()
        elif result == rak3172.TOO_LONG:
            if self._size_max == SIZE_MIN:
                raise LinkError("lorawan: the module refuses %d bytes" % SIZE_MIN)
            # What the module adds for the network has taken room, or the region is another.
            self._size_max = max(SIZE_MIN, self._size_max // 2)
            return True
        pause = _RESTRICTED_MS if result == rak3172.RESTRICTED else _PAUSE_MS
        self._wait.start(pause // 2 + self._random(pause))
        return False

    async def _next_message(self) -> bool:
        item = self._uplink.next()
        if item is None:
            return False
        self._token, suffix, message = item
        self._tag = (self._tag + 1) % TAGS
        self._out = Cutter(SUFFIXES.index(suffix), self._tag, message)
        await self._measure()
        return True

    async def _measure(self) -> None:
        self._rate = await self._radio.data_rate()
        self._size_max = size_max(self._band, self._rate)

    def _end_message(self) -> None:
        self._out = None
        self._uplink.handed(self._token)

    # --- in -------------------------------------------------------------------------------

    async def _take(self, payload: bytes) -> None:
        """Take a piece, and do what the message says that it completes.

        What the meter fails on is gone; its sender gets no receipt, and asks again.
        """
        message = self._gatherer.take(payload)
        if message is None:
            return
        timing = self._timing
        try:
            await take(self._accept(message, NETWORK), self._uplink, self.holds, timing,
                       timing.sleep_ms)
            self.received += 1
        except (OSError, MemoryError) as e:
            self.refused += 1
            self.failure = "message: %r" % e
        except Exception as e:
            self.refused += 1
            self.failure = "message: %r" % e
            self._log.add(event.SOFTWARE_FAILED, self._clock.now())

    async def _run_uplink(self) -> None:
        """Have readings, events and freezes noted down every second, connected or not."""
        while True:
            began = self._timing.ticks_ms()
            try:
                self._uplink.step(self._clock.now())
                self.holds.note(began, OUTBOX)
            except Exception as e:
                self.failure = "uplink: %r" % e
                self._log.add(event.SOFTWARE_FAILED, self._clock.now())
                await self._timing.sleep_ms(60 * _SECOND_MS)
            await self._timing.sleep_ms(_SECOND_MS)
