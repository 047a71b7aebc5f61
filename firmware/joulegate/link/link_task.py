"""The link task: network, broker, and what goes over them, for as long as the meter runs.

    rest -> attach -> open -> CONNECT, SUBSCRIBE -> run -> (lost) -> rest ...

The transports are tried in the order of the settings; after the last comes a rest, doubled from
try to try and spread by chance, so that a village whose power comes back does not call at once.
Nothing that goes wrong here ends the task: it is counted, told by `failure`, and tried again.
"""

import asyncio

from micropython import const

from joulegate.core import events as event
from joulegate.link.errors import LinkError
from joulegate.link.holds import OUTBOX, Holds, take
from joulegate.link.mqtt.session import Session
from joulegate.vending.carriers import NETWORK

REST_MIN_MS = const(2000)
REST_MAX_MS = const(900000)
POLL_MS = const(50)
"""How often a quiet connection is looked at; a busy one, all the time."""
BUSY_POLL_MS = const(5)
STABLE_MS = const(60000)
"""A connection that lasted so long makes the next rest a short one."""
PREFER_MS = const(3600000)
"""So long on another than the first transport, then the first is tried again."""
HANDLER_TRIES = const(3)
"""A message that the meter fails on so often is taken from the broker, or none behind it would
ever come."""

_ATTACH_S = const(900)
_OPEN_S = const(180)
_MARGIN_MS = const(60000)
"""Longest that the task may be silent besides what a phase may take."""
_SECOND_MS = const(1000)


class Link:
    def __init__(
        self, meter_id: object, settings: object, transports: dict, uplink: object,
        accept: object, clock: object, random: object, log: object,
        rest_ms: tuple = (REST_MIN_MS, REST_MAX_MS), poll_ms: int = POLL_MS,
        make_home: object = None,
    ) -> None:
        """meter_id: function giving the meter's number, "" while it has none. settings: a
        LinkSettings. transports: {name: transport}, see transport.py. uplink: what there is to
        say; answers step(now), next(), handed(token), restart(), connected(up) and
        receipt(data), with None for a message that gets none. accept(payload, carrier): begins
        to take a message, a Work that comes to an Answer. clock: answers now, valid, ticks_ms
        and ticks_diff. random(n): a number from 0 to n - 1. log: an EventLog. rest_ms: shortest
        and longest rest between tries. poll_ms: how often a quiet connection is looked at.
        make_home: function giving a Home, called when the settings first want one; None for a
        meter that has none.
        """
        self._meter_id = meter_id
        self._settings = settings
        self._transports = transports
        self._uplink = uplink
        self._accept = accept
        self._clock = clock
        self._random = random
        self._log = log
        self._rest_min_ms, self._rest_max_ms = rest_ms
        self._poll_ms = poll_ms
        self._make_home = make_home
        self._home: object = None
        self._tries = 0
        self._handler_failed = 0
        self._again = False
        self._due = clock.ticks_ms()
        self._ticked = self._due
        self.session: object = None
        """The MQTT session, None before the first connection."""
        self.transport = ""
        """Name of the transport in use, "" for none."""
        self.phase = "rest"
        self.failure = ""
        """What ended the last try or connection."""
        self.losses = 0
        """Connections lost after they had been ready."""
        self.failures = 0
        """Tries that did not get so far."""
        self.refused = 0
        """Messages that the meter failed on HANDLER_TRIES times, or can not ever send."""
        self.holds = Holds(clock)
        """How long the task has held the others up."""
        self._expect(0)

    # --- for the others -------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self.session is not None and self.session.ready

    def alive(self) -> bool:
        """Whether the task goes on: for the watchdog. It says nothing of the network."""
        return self._clock.ticks_diff(self._clock.ticks_ms(), self._due) < 0

    def reconnect(self) -> None:
        """Have the connection made anew, as after a change of the settings."""
        self._again = True

    async def run(self) -> None:
        """Never ends by itself; cancel it."""
        uplink = asyncio.create_task(self._run_uplink())
        try:
            while True:
                if self._settings.values["host"] and self._meter_id():
                    await self._round()
                await self._rest()
        finally:
            uplink.cancel()
            self._close(self._transports.get(self.transport))

    # --- phases ---------------------------------------------------------------------------

    def _expect(self, ms: int) -> None:
        """Promise a sign of life within so many milliseconds and a margin."""
        self._due = self._clock.ticks_ms() + ms + _MARGIN_MS

    def _enter(self, phase: str, seconds: int = 0) -> None:
        self.phase = phase
        self._expect(seconds * 1000)

    async def _round(self) -> None:
        """Try each transport once, until one has had a connection."""
        self._again = False
        for place, name in enumerate(self._settings.values["transports"]):
            transport = self._transports.get(name)
            if transport is None:
                self._fail(name, "this meter has none")
                continue
            self.transport = name
            began = self._clock.ticks_ms()
            was_ready = False
            try:
                await self._connect(transport)
                was_ready = await self._serve(place == 0)
            except asyncio.TimeoutError:  # noqa: UP041 - MicroPython has no other
                self._fail(name, "%s took too long" % self.phase)
            except (LinkError, OSError, ValueError, MemoryError) as e:
                was_ready = self.connected
                self._fail(name, str(e))
            except Exception as e:
                # A mistake of ours must not end the task: a meter without a link is no meter.
                was_ready = self.connected
                self._fail(name, repr(e))
                self._log.add(event.SOFTWARE_FAILED, self._clock.now())
            finally:
                self._close(transport)
            if was_ready:
                if self._clock.ticks_diff(self._clock.ticks_ms(), began) >= STABLE_MS:
                    self._tries = 0
                return

    async def _connect(self, transport: object) -> None:
        values = self._settings.values
        self._enter("attach", _ATTACH_S)
        await asyncio.wait_for(transport.attach(), _ATTACH_S)
        self._enter("open", _OPEN_S)
        tls = self._settings_tls(values)
        await asyncio.wait_for(transport.open(values["host"], values["port"], tls), _OPEN_S)
        self._enter("connect")
        if self.session is None or self.session.meter_id != self._meter_id():
            self.session = Session(
                self._meter_id(), self._clock, self._uplink.handed)
        self.session.open(
            transport, values["user"], values["password"], values["keepalive_s"])

    def _settings_tls(self, values: dict) -> "object | None":
        if not values["tls"]:
            return None
        from joulegate.link.tls import Tls
        tls = Tls.from_settings(self._settings, self._clock)
        tls.check()
        return tls

    async def _serve(self, first: bool) -> bool:
        """Work on the connection until `reconnect`, or on another than the first transport for
        PREFER_MS; return whether it was ready. LinkError when it is lost."""
        session = self.session
        began = self._clock.ticks_ms()
        told = False
        restarted = False
        while not self._again:
            self._expect(0)
            began_step = self._clock.ticks_ms()
            busy = session.step()
            if session.message is not None:
                # In a task of its own: the stack of an RP2040 is 8 KiB, and what a message does
                # goes deep.
                await asyncio.create_task(self._take(session.message))
                session.acknowledge()
                began_step = self._clock.ticks_ms()
            if session.ready and not told:
                told = True
                self.phase = "run"
                self.failure = ""
                self._uplink.connected(True)
            if not restarted and session.settled:
                # Only now: what the session itself has sent again is not for the uplink to.
                restarted = True
                self._uplink.restart()
                self._begin_home()
            if restarted and session.room:
                busy = self._send_next(session) or self._send_home(session) or busy
            now = self.holds.note(began_step)
            if not first and self._clock.ticks_diff(now, began) > PREFER_MS:
                break
            if busy:
                await asyncio.sleep_ms(0)
            else:
                await asyncio.sleep_ms(BUSY_POLL_MS if session.sending else self._poll_ms)
        session.leave()
        return told

    def _close(self, transport: object) -> None:
        was_ready = self.connected
        if self.session is not None:
            self.session.close()
        if transport is not None:
            transport.close()
        self.transport = ""
        if was_ready:
            self._uplink.connected(False)

    def _fail(self, name: str, text: str) -> None:
        self.failure = text if text.startswith(name) else "%s: %s" % (name, text)
        if self.connected:
            self.losses += 1
        else:
            self.failures += 1

    async def _rest(self) -> None:
        """Wait before the next round: half of the time by the rule, half of it by chance."""
        ms = min(self._rest_min_ms << min(self._tries, 20), self._rest_max_ms)
        self._tries += 1
        ms = ms // 2 + self._random(ms // 2 + 1)
        self.phase = "rest"
        self._expect(ms)
        self._again = False
        began = self._clock.ticks_ms()
        while not self._again:
            left = ms - self._clock.ticks_diff(self._clock.ticks_ms(), began)
            if left <= 0:
                break
            await asyncio.sleep_ms(min(left, _SECOND_MS))
        if self._again:
            self._tries = 0

    # --- messages -------------------------------------------------------------------------

    def _send_next(self, session: object) -> bool:
        """Send what is next, if anything; return whether there was."""
        item = self._uplink.next()
        if item is None:
            return False
        token, suffix, payload = item
        try:
            session.publish(token, suffix, payload)
        except ValueError as e:
            # It will be as long the next time; nothing behind it must wait for it.
            self.failure = str(e)
            self.refused += 1
            self._uplink.handed(token)
        return True

    def _begin_home(self) -> None:
        """Have the home told anew, if the settings want one or wanted one before."""
        try:
            if self._home is None and self._make_home is not None and (
                    self._settings.values["home"]):
                # Only here: few meters have one.
                self._home = self._make_home()
            if self._home is not None:
                self._home.restart()
        except Exception as e:
            self._end_home(e)

    def _send_home(self, session: object) -> bool:
        """Send what a home is to know, when nothing else is on its way; return whether there
        was."""
        if self._home is None or session.waiting:
            return False
        try:
            item = self._home.next()
            if item is None:
                return False
            session.publish_retained(*item)
        except LinkError:
            raise
        except Exception as e:
            self._end_home(e)
            return False
        return True

    def _end_home(self, error: Exception) -> None:
        """Do without a home until the next start: the head-end's link goes on."""
        self.failure = "home: %r" % error
        self._log.add(event.SOFTWARE_FAILED, self._clock.now())
        self._home = self._make_home = None

    async def _take(self, payload: bytes) -> None:
        """Do what a message says; when this returns, it may be acknowledged.

        OSError or MemoryError, and the broker keeps it: this may be better soon.
        """
        try:
            await take(self._accept(payload, NETWORK), self._uplink, self.holds, self._clock,
                       asyncio.sleep_ms)
        except (OSError, MemoryError):
            raise
        except Exception as e:
            self._handler_failed += 1
            self._log.add(event.SOFTWARE_FAILED, self._clock.now())
            if self._handler_failed < HANDLER_TRIES:
                raise LinkError("message: %r" % e) from None
            self.refused += 1
        self._handler_failed = 0

    async def _run_uplink(self) -> None:
        """Have readings, events and freezes noted down every second, connected or not."""
        while True:
            began = self._clock.ticks_ms()
            try:
                self._uplink.step(self._clock.now())
                self.holds.note(began, OUTBOX)
            except Exception as e:
                self.failure = "uplink: %r" % e
                self._log.add(event.SOFTWARE_FAILED, self._clock.now())
                await asyncio.sleep_ms(_MARGIN_MS)
            await asyncio.sleep_ms(_SECOND_MS)
