"""One run of a meter, its link, and everything that happens to them, in virtual time.

A run has hours in which faults happen, drawn by its seed, and then a time without any, in which
all must come right: see link_judge.py.
"""

import random
from errno import EIO

from meter import faulty_files, link_faults
from meter.link_judge import Judge, Violation
from meter.link_meter import LinkMeter
from meter.link_office import HeadEnd, Station
from world import bench_clock
from world.byte_network import ByteNetwork
from world.mqtt_broker import Broker, ProtocolError

_US = 1000000
_ENOSPC = 28
NOON = 1804507200
"""2027-03-08T12:00:00Z since 1970."""
BEGINNINGS_S = (0, 0, 32400, 41400, 41400, 23 * 86400 + 41400)
"""After NOON: at once, in the evening, at half past eleven, and that on a month's last day."""
_LENGTHS_S = ((60, 900), (120, 2400), (300, 7200), (600, 14400), (1200, 50000))
"""Keepalive, and how long faults go on: nothing happens in steps of a part of the keepalive."""
PROGRAM_US = 400
"""W25Q16JV data sheet, page program time, typical."""
ERASE_US = 45000
"""The same, sector erase time."""
SETTLE_S = 3600
LATE_MAX_US = 20000
_FINE_US = 1500000
"""After anything has moved, time goes on in its finest steps for so long."""
_LOOK_US = 20 * _US
_PHASE_LAPSE_US = 3 * _US
"""The same while a connection is made, which goes by many short waits."""
_BRIEF_US = 400 * _US
_POLL_MS = 350
"""How often a quiet connection is looked at: seldom, or a run takes long."""


class LinkRun:
    def __init__(self, seed: int, flash: object, fault: object = None) -> None:
        """flash: of a provisioned meter, copied. fault: function of the one thing that goes
        wrong at the beginning, in place of what the seed draws."""
        random.seed(seed)
        self.seed = seed
        self.random = random
        self.story = []
        """What happened, a text each."""
        self._only = fault
        bench_clock.start(NOON + random.choice(BEGINNINGS_S))
        keepalive_s, self._length_s = random.choice(_LENGTHS_S)
        self._lapse_us = keepalive_s * _US // 7
        self.broker = Broker(random, bench_clock.now_us)
        self.network = ByteNetwork(random, bench_clock.now_us, self.broker)
        self.network.delay_us = random.choice((20000, 200000, 600000))
        self.station = Station(self.broker, random.choice((60, 300, 900)))
        self.head_end = HeadEnd(self.broker, self.station, random.random)
        self.head_end.connect()
        self.meter = LinkMeter(flash.snapshot(), self.network, random, keepalive_s, _POLL_MS)
        self._actions = []  # [due, function] in order
        self._up_at = 0
        self._failing_until = 0
        self._armed = False
        self._tick_due = 0
        self._lapsed = False
        self._excused_us = 0
        self._flash_before = (0, 0)
        self.judge = Judge(self)
        self.late_us = 0
        """Longest that a tick was late, without the turns in which flash was erased."""
        self.late_with_erases_us = 0
        self.ticks = 0
        self.settled_s = 0

    # --- what faults call -------------------------------------------------------------------

    def now(self) -> int:
        return bench_clock.now_us()

    def at(self, due_us: int, action: object) -> None:
        """Do something at a time."""
        i = len(self._actions)
        while i and self._actions[i - 1][0] > due_us:
            i -= 1
        self._actions.insert(i, (due_us, action))

    def stop_broker(self, forget: bool, tell: bool, away_s: int) -> None:
        self.broker.stop(forget, tell)
        self.at(self.now() + away_s * _US, self._start_broker)

    def _start_broker(self) -> None:
        self.broker.start()
        if self.head_end.up:
            self.head_end.connect()

    def cut_power_at(self, operation: int, torn: bool, away_s: int) -> None:
        if self.meter.app is not None:
            self.meter.lean.flash.cut_power_at(operation, torn)
            self._away_us = away_s * _US
            self.at(self.now() + 120 * _US, self._cut_power)

    def power_off(self, away_s: int) -> None:
        if self.meter.app is not None:
            self._away_us = away_s * _US
            self._cut_power()

    def _cut_power(self) -> None:
        if self.meter.app is not None:
            self.meter.lean.flash.cut_power()

    def jump_days(self, days: int) -> None:
        self.power_off(days * 86400)

    def fail_files(self, seconds: int) -> None:
        self._failing_until = self.now() + seconds * _US

    def set_clock(self) -> None:
        app = self.meter.app
        if app is not None and not app.clock.valid:
            try:
                app.commissioning.set_clock(bench_clock.civil_us() // _US - 1577836800)
            except OSError:
                pass

    def log_event(self, code: int, value: int) -> None:
        app = self.meter.app
        if app is not None:
            app.log.add(code, app.clock.now(), value)

    # --- a run ------------------------------------------------------------------------------

    def run(self) -> None:
        """Live through it; Violation, with what happened in `story`."""
        try:
            self._run()
        except ProtocolError as e:
            raise Violation("the meter does not keep to MQTT: %s" % e)

    def _run(self) -> None:
        begin = self.now()
        self._power_up()
        self.judge.begin()
        end = begin + self._draw(begin)
        self._go(end)
        self._heal()
        healed = self.now()
        while not self.judge.settled():
            if self.now() - healed > SETTLE_S * _US:
                raise Violation("has not settled in %d s: %s" % (SETTLE_S, self.judge.missing()))
            self._go(self.now() + _LOOK_US)
        self.settled_s = (self.now() - healed) // _US
        self.judge.end()

    def _draw(self, begin: int) -> int:
        """Plan purchases and faults; return the microseconds that they take."""
        length_us = self._length_s * _US
        if self._only is not None:
            self.station.sell(begin + 15 * _US, 1000, 12345)
            self.at(begin, lambda: self._fault(self._only))
            return _BRIEF_US
        for i in range(random.randrange(1, 8)):
            self.station.sell(
                begin + random.randrange(length_us), 1000 + i, random.randrange(1, 1000000))
        for _ in range(random.randrange(2, 8)):
            fault = random.choice(link_faults.ALL)
            self.at(begin + random.randrange(length_us), lambda fault=fault: self._fault(fault))
        return length_us

    def _fault(self, fault: object) -> None:
        text = fault(self)
        self.story.append("%7d s %s" % (self.now() // _US, text))
        self.judge.look()

    def _heal(self) -> None:
        """End all faults that go on."""
        now = self.now()
        self._actions = []
        network = self.network
        network.down_until = network.refused_until = network.blocked_until = 0
        network.cut_after = 0
        network.delay_us = 200000
        network.piece_max = 1500
        broker = self.broker
        broker.repeat_part = broker.shuffle_part = 0.0
        broker.queue_limit = 1000
        broker.start()
        self.head_end.loses_receipts = 0.0
        self.head_end.connect()
        self._failing_until = 0
        self._stop_failing()
        self.meter.lean.flash.restore_power()
        if self.meter.app is None:
            self._power_up()
        self.set_clock()
        self.story.append("%7d s faults end" % (now // _US))

    # --- power ------------------------------------------------------------------------------

    def _power_up(self) -> None:
        self._up_at = 0
        self._stop_failing()
        self.meter.power_up()
        self._tick_due = self.now()
        self._lapsed = True
        self._flash_before = self._flash_counts()

    def _power_fails(self) -> None:
        self.story.append("%7d s power fails" % (self.now() // _US))
        self.judge.power_fails()
        self.meter.power_down()
        self._up_at = self.now() + self._away_us

    def _stop_failing(self) -> None:
        self._armed = False
        faulty_files.STEPS.watch(self.meter.lean.flash)

    # --- time -------------------------------------------------------------------------------

    def _go(self, end: int) -> None:
        """Let time pass until `end`."""
        while True:
            now = self.now()
            if now >= end:
                return
            due = min(self._meter_due(end), self._world_due(end))
            if now - self.network.moved_at > _FINE_US:
                lapse = min(self._world_due(end), now + self._lapse())
                if lapse > due:
                    due = lapse
                    self._lapsed = True
            if due > now:
                bench_clock.advance_us(due - now)
            self._turn()

    def _lapse(self) -> int:
        """Return how far time may go on at once when nothing moves."""
        link = self.meter.link
        if link is None or link.phase in ("run", "rest"):
            return self._lapse_us
        return min(self._lapse_us, _PHASE_LAPSE_US)

    def _world_due(self, end: int) -> int:
        due = min(end, self.head_end.due())
        if self._actions:
            due = min(due, self._actions[0][0])
        for at in (self.station.due(), self.network.due(), self._up_at or None):
            if at is not None and at < due:
                due = at
        return due

    def _meter_due(self, end: int) -> int:
        if self.meter.app is None:
            return end
        due = self.meter.turns.due()
        return min(end, self._tick_due, end if due is None else due)

    def _turn(self) -> None:
        """Do all that is due now."""
        now = self.now()
        self.network.step()
        self.broker.tick()
        while self._actions and self._actions[0][0] <= now:
            self._actions.pop(0)[1]()
        self.station.step()
        self.head_end.step()
        if self._up_at and self._up_at <= now:
            self._power_up()
        if self.meter.app is None:
            return
        if now < self._failing_until:
            self._let_fail()
        elif self._failing_until:
            self._failing_until = 0
            self._stop_failing()
        for task in list(self.meter.turns.tasks):
            if not self._alive():
                return
            if self._tick_due <= self.now():
                self._tick(self.now())
            if task.due <= now and self._alive():
                self.meter.turns.run(task)
                self._charge()
                if not self.meter.link.alive():
                    raise Violation("the watchdog would reset: link in phase %s" % (
                        self.meter.link.phase))
        self._alive()

    def _alive(self) -> bool:
        if self.meter.lean.flash.powered:
            return True
        if self.meter.app is not None:
            self._power_fails()
        return False

    def _tick(self, now: int) -> None:
        if not self._lapsed:
            late = now - self._tick_due
            self.late_with_erases_us = max(self.late_with_erases_us, late)
            self.late_us = max(self.late_us, late - self._excused_us)
            if self.late_us > LATE_MAX_US:
                raise Violation("a tick is %d us late" % self.late_us)
        self._lapsed = False
        self._excused_us = 0
        self.ticks += 1
        self.meter.tick()
        self._tick_due = now + _US
        self._charge()

    def _charge(self) -> None:
        """Let the time pass that the flash has taken."""
        programs, erases = self._flash_counts()
        before = self._flash_before
        self._flash_before = (programs, erases)
        erase_us = (erases - before[1]) * ERASE_US
        us = (programs - before[0]) * PROGRAM_US + erase_us
        if erase_us:
            self._excused_us += us
        if us:
            bench_clock.advance_us(us)

    def _flash_counts(self) -> tuple:
        flash = self.meter.lean.flash
        return flash.programs, flash.erases

    def _let_fail(self) -> None:
        steps = faulty_files.STEPS
        if self._armed and not steps.failed:
            return
        self._armed = True
        # Never in the middle of a close: a flash that comes back without a start of the meter
        # finds littlefs in a state that no real fault leaves.
        steps.fail_at(1 + random.randrange(6), OSError(random.choice((EIO, _ENOSPC))),
                      faulty_files.DONE)
