"""One seeded life of a meter: what happens to it, step by step."""

from collections import Counter, deque
from collections.abc import Callable
from random import Random

from tools.soak.account import Account, shown
from tools.soak.commands import bad_command, changed_settings, first_settings
from tools.soak.judge import NOTHING, Cut, Judge, Tick
from tools.soak.loads import Load
from tools.soak.meter import MeterStopped, SoakMeter
from tools.soak.post import Post, Purchase
from tools.soak.tariffs import ZONES, random_tariff
from tools.soak.verdict import Violation

UNIX_2020 = 1577836800
YEAR_S = 31557600
RECORDS_EVERY = 700
TICKS_MAX = 16
SHOWN_ACTIONS = 12
_CUT_REACH = 60
"""A cut is armed at one of so many operations from now; most commands have fewer."""


class Life:
    """counts: how often what happened. actions: the latest, for who looks for a fault."""

    def __init__(self, seed: int, years: float) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.counts: Counter[str] = Counter()
        self.most_lost_Wh = 0.0
        self.actions: deque[str] = deque(maxlen=SHOWN_ACTIONS)
        self.step = 0
        self.begin = self.rng.randrange(4 * 365, 7 * 365) * 86400 + 43200
        self.true = self.begin
        self.end = self.begin + int(years * YEAR_S)
        self.counts_per_kWh = 10 * self.rng.choice((800, 1000, 1600, 3200))
        self._load = Load(self.rng, self.counts_per_kWh)
        self._records_at = RECORDS_EVERY
        self._tariffs = 1
        self._post = Post(self.rng, self.begin)
        self._until = 1 << 60

    @property
    def years(self) -> float:
        return (self.true - self.begin) / YEAR_S

    def run(self, until: int = 1 << 60) -> str:
        """Live; return "" or what went wrong. until: step to stop after."""
        self._until = until
        meter = SoakMeter(self.begin + UNIX_2020, self.counts_per_kWh // 10)
        try:
            with meter:
                self._live(meter, until)
            return ""
        except Violation as found:
            return f"{found}\nmeter's clock {shown(self.judge.facts['now'])}"
        except MeterStopped as stopped:
            return f"the firmware stopped:\n{stopped}"
        finally:
            self.counts.update(meter.counts)

    def _live(self, meter: SoakMeter, until: int) -> None:
        self._provision(meter)
        try:
            while self.true < self.end and self.step < until:
                self.step += 1
                self._step()
            if self.judge.powered:
                self.judge.records()
        finally:
            self.counts.update(self.judge.counts)
            self.most_lost_Wh = self.judge.most_lost_Wh

    def _provision(self, meter: SoakMeter) -> None:
        tariff = random_tariff(self.rng, 0)
        zone = self.rng.choice(ZONES)
        settings = first_settings(self.rng, zone)
        account = Account(tariff, zone, self.counts_per_kWh, settings)
        meter.do("up")
        facts = meter.do("provision", tariff.text, settings)
        account.open(facts["now"])
        self.judge = Judge(meter, account, settings)
        self.judge.tick(0, NOTHING)

    # --- a step -------------------------------------------------------------------------

    def _step(self) -> None:
        if not self.judge.powered:
            self._outage()
        elif self.rng.random() < 0.25:
            happenings, weights = zip(*self._happenings(), strict=True)
            self.rng.choices(happenings, weights)[0]()
        elif self._post.due(self.true):
            self._deliver(self._post.take())
        else:
            self._ticks()
        if self.step >= self._records_at and self.judge.powered:
            self._records_at = self.step + RECORDS_EVERY
            self._note("records compared")
            self.judge.records()

    def _happenings(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self._pull, 5), (self._fail, 5), (self._reset, 3), (self._brown_out, 6),
            (self._repeat, 9), (self._forge, 6), (self._buy, 4), (self._change_tariff, 2),
            (self._change_settings, 5), (self._bad_command, 4), (self._jump, 3),
            (self._lose, 2), (self._set_clock, 4), (self._adjust, 3), (self._fill, 1),
            (self._owe, 6),
        ]

    def _ticks(self) -> None:
        """Tick some times; the energy flows unless the relay is open."""
        plan = [self._load.tick() for _ in range(self.rng.randrange(1, TICKS_MAX + 1))]
        cut = self._cut(0.25)
        plan[-1] = (*plan[-1][:2], cut)
        del plan[self._until - self.step + 1:]
        self.step -= 1
        self.judge.ticks(plan, self._note_tick)
        if not self.judge.powered:
            return
        short = self.judge.now.balance < self._lowest
        if short and self._post.empty and self.rng.random() < 0.3:
            self._buy()
        if not self.judge.facts["valid"] and self.rng.random() < 0.3:
            self._set_true()

    def _note_tick(self, tick: Tick) -> None:
        ms, counts, cut = tick
        self.step += 1
        self.true += ms // 1000
        self._note(f"tick {ms // 1000} s, {counts[0]} in, {counts[1]} out", cut)

    def _cut(self, chance: float) -> Cut:
        if self.rng.random() >= chance:
            return None
        self.counts["cuts armed"] += 1
        return self.rng.randrange(1, self.rng.choice((4, 12, _CUT_REACH))), self.rng.random() < 0.5

    def _note(self, text: str, cut: Cut = None) -> None:
        self.counts[text.split()[0]] += 1
        at = "" if cut is None else f", cut at operation {cut[0]}{' torn' if cut[1] else ''}"
        self.actions.append(f"{self.step}: {shown(self.true)} {text}{at}")

    # --- power --------------------------------------------------------------------------

    def _outage(self) -> None:
        reach = self.rng.choice((5, 600, 20000, 86400, 86400, 5 * 86400))
        if self.rng.random() < 0.002:
            reach = 50 * 86400
        seconds = self.rng.randrange(1, reach)
        cut = self._cut(0.2)
        self.true += seconds
        self._note(f"outage of {seconds} s", cut)
        self.judge.meter.do("idle", seconds)
        trouble = self.rng.random()
        if trouble < 0.05:
            self._jump()
        elif trouble < 0.08:
            self._lose()
        self.judge.up(cut)

    def _pull(self) -> None:
        self._note("pull")
        self.judge.down()

    def _fail(self) -> None:
        cut = self._cut(0.2)
        self._note("fail", cut)
        self.judge.mains(False, cut)
        if self.judge.powered:
            self.judge.down()

    def _brown_out(self) -> None:
        self._note("brown-out")
        self.judge.mains(False)
        self.judge.mains(True)

    def _reset(self) -> None:
        cut = self._cut(0.2)
        self._note("reset", cut)
        self.judge.reset(cut)

    # --- purchases ----------------------------------------------------------------------

    @property
    def _lowest(self) -> int:
        return 200000 + int(self.judge.settings["cut_off"])

    def _buy(self) -> None:
        tid, units = self._post.buy(
            self.true, max(0, self._lowest - self.judge.now.balance))
        self._note(f"buy {units} as {tid}")

    def _deliver(self, purchase: Purchase) -> None:
        cut = self._cut(0.4)
        self._note("credit {} of {}".format(*purchase), cut)
        if not self.judge.credit(*purchase, cut) and not self.judge.powered:
            self._post.again(self.true, purchase)

    def _repeat(self) -> None:
        purchase = self._post.old()
        if purchase is not None:
            cut = self._cut(0.2)
            self._note("repeat {} of {}".format(*purchase), cut)
            self.judge.credit(*purchase, cut)

    def _forge(self) -> None:
        tid, units = self._post.forged()
        self._note(f"forge {tid!r} of {units!r}")
        self.judge.credit(tid, units)

    # --- administration -----------------------------------------------------------------

    def _change_tariff(self) -> None:
        tariff = random_tariff(self.rng, self._tariffs)
        self._tariffs += 1
        start = self.true + self.rng.randrange(-86400, 20 * 86400)
        if self.rng.random() < 0.3:
            start = self.judge.first_instant(self.judge.now.day + self.rng.randrange(1, 9))
        cut = self._cut(0.2)
        self._note(f"tariff {tariff.name} from {shown(start)}", cut)
        self.judge.tariff(tariff, start, cut)

    def _change_settings(self) -> None:
        changes = changed_settings(self.rng)
        cut = self._cut(0.2)
        self._note(f"settings {changes}", cut)
        self.judge.change_settings(changes, cut)

    def _owe(self) -> None:
        number, units = self.rng.randrange(1, 4), self.rng.choice((0, 30000, 800000, 5000000))
        cut = self._cut(0.3)
        self._note(f"debt {number} of {units}", cut)
        self.judge.owe(number, units, cut)

    def _bad_command(self) -> None:
        command = bad_command(self.rng, self.true)
        self._note(f"bad-command {command[0]}")
        self.judge.refuse(*command)

    # --- the clock ----------------------------------------------------------------------

    def _set_clock(self) -> None:
        if self.rng.random() < 0.5:
            self._set_true()
            return
        reach = self.rng.choice((60, 4000, 86400, 3 * 86400, 40 * 86400, 300 * 86400))
        second = self.true + self.rng.randrange(-reach, reach)
        self._note(f"set-clock to {shown(second)}")
        self.judge.set_clock(max(86400, second))

    def _set_true(self) -> None:
        self._note("set-clock right")
        self.judge.set_clock(self.true)

    def _adjust(self) -> None:
        """Have a network tell the time, nearly right or quite wrong: 30 s are let pass."""
        reach = self.rng.choice((5, 30, 4000))
        second = self.judge.facts["now"] + self.rng.randrange(-reach, reach + 1)
        self._note(f"adjust to {shown(second)}")
        self.judge.world("adjust", second)

    def _jump(self) -> None:
        seconds = self.rng.choice((-1, 1)) * self.rng.randrange(
            1, self.rng.choice((10, 4000, 86400, 90 * 86400)))
        self._note(f"jump of the battery clock by {seconds} s")
        self.judge.world("jump", seconds)

    def _lose(self) -> None:
        self._note("lose the battery clock's time")
        self.judge.world("lose")

    # --- storage ------------------------------------------------------------------------

    def _fill(self) -> None:
        """Fill the file system, go on for a while, and make room again."""
        self._note("fill the file system")
        self.judge.full = True
        self.judge.world("fill")
        for _ in range(self.rng.randrange(1, 12)):
            if not self._post.empty:
                self._deliver_full()
            self.true += 600
            self.judge.tick(600000, (self.counts_per_kWh // 8, 0, 0, 0))
        self.judge.world("clean")
        self.true += 60
        self.judge.tick(60000, NOTHING)
        self.judge.full = False

    def _deliver_full(self) -> None:
        tid, units = self._post.take()
        self._note(f"full credit {tid} of {units}")
        if not self.judge.credit(tid, units):
            self._post.again(self.true, (tid, units))
