"""The judge of a soak: has the meter do things and holds every answer against the account.

What may stand on flash after a cut is each state that a commit of the broken command could
have left. The next start must show one of them, and nothing else.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tools.soak.account import NO_TIME_BEFORE, Account
from tools.soak.clock_judge import ClockJudge
from tools.soak.meter import Facts, SoakMeter
from tools.soak.records_judge import DayJudge, freezes, judge_records
from tools.soak.relay_judge import RelayJudge
from tools.soak.stored import Stored
from tools.soak.tariffs import SoakTariff, day_of, first_instant
from tools.soak.verdict import (
    EXECUTION_FAILURE,
    EXECUTION_OK,
    RECEIVED,
    charged,
    difference,
    must,
    purchase_code,
    refused,
)

Cut = tuple[int, bool] | None
Counts = tuple[int, int, int, int]
Tick = tuple[int, Counts, Cut]
Change = Callable[[Account], None]
NOTHING: Counts = (0, 0, 0, 0)


class Judge:
    def __init__(self, meter: SoakMeter, account: Account, settings: dict[str, Any]) -> None:
        """account: as the meter has just opened it."""
        self.meter = meter
        self.now = account
        self.counts: Counter[str] = Counter()
        self.full = False
        """The file system is full: what has to be stored may be refused for it."""
        self.facts: Facts = {"now": NO_TIME_BEFORE - 1}
        """The latest that were judged."""
        self.powered = True
        self._stored = Stored(account, settings)
        self._clock = ClockJudge()
        self._relay = RelayJudge()
        self._uncommitted = 0
        self._uncommitted_ms = 0
        self._struck = 0
        self._sequence = 0
        self._days = DayJudge()

    @property
    def settings(self) -> dict[str, Any]:
        return self._stored.settings

    @property
    def most_lost_Wh(self) -> float:
        return self._stored.most_lost_Wh

    # --- metering -----------------------------------------------------------------------

    def ticks(self, wanted: list[Tick], note: Callable[[Tick], None]) -> None:
        """Tick, and tell of each before it is judged; only the last may be cut."""
        for ms, counts, cut in wanted:
            self.meter.ask("tick", ms, *counts, cut=cut)
        for tick in wanted:
            note(tick)
            facts = self.meter.answer()
            self._after_step(facts, facts["result"], tick[0])

    def tick(self, ms: int, counts: Counts) -> None:
        self.ticks([(ms, counts, None)], lambda tick: None)

    def mains(self, good: bool, cut: Cut = None) -> None:
        """Let the power-fail line fall or rise; a fall commits, and the relay rests."""
        facts = self.meter.do("mains", good, cut=cut)
        self._after_step(facts, NOTHING, 0, good)
        if not good and facts["powered"]:
            must(self._uncommitted == 0 or self.full,
                 "mains failed, and energy is not committed")

    def _after_step(self, facts: Facts, counts: Counts, ms: int, mains: bool = True) -> None:
        self._uncommitted += counts[0] + counts[1]
        self._uncommitted_ms += ms
        self.now.use(counts)
        states = self._looked(facts)
        if not facts["powered"]:
            self._struck = counts[0] + counts[1]
            self._lost_power(states)
            return
        self._judge(facts)
        limit = self._limit
        must(self._uncommitted < limit or self.full,
             f"{self._uncommitted} counts are not committed, at most {limit} may be")
        must(not self._uncommitted or self.full
             or self._uncommitted_ms < 60000 * self.settings["commit_minutes"],
             f"energy is not committed after {self._uncommitted_ms} ms")
        if mains:
            self._relay.ticked(facts, self._allowed, self.full)

    def _looked(self, facts: Facts) -> list[Account]:
        """Let the account look at each second the meter did; return its states after each."""
        states = []
        for second in facts["looks"]:
            day = self.now.day
            self.now.look(second)
            if self.full:
                self._days.spared.update(range(day, self.now.day))
            states.append(self.now.copy())
        return states

    @property
    def _limit(self) -> int:
        """Return the counts that must be committed at the latest."""
        return int(self.settings["commit_Wh"] * self.now.counts_per_kWh // 1000)

    @property
    def _allowed(self) -> bool:
        return bool(self.now.balance > self.settings["cut_off"])

    # --- power --------------------------------------------------------------------------

    def down(self) -> None:
        """Take the power away without warning."""
        self._lost_power([])

    def up(self, cut: Cut = None) -> None:
        """Start the meter; it must show a state that may be on flash."""
        self._started(self.meter.do("up", cut=cut))

    def reset(self, cut: Cut = None) -> None:
        """Reset the controller alone."""
        self._note_frozen([])
        self._started(self.meter.do("reset", cut=cut))

    def _started(self, facts: Facts) -> None:
        self.counts["starts"] += 1
        if not facts["powered"]:
            if facts["rtc"] is not None:
                day = day_of(self.now.zone, facts["rtc"])
                self._days.cut_off(self._stored.day, day - self._stored.day)
            if "now" in facts:
                self._stored.started_in_vain(facts["now"])
            self.meter.do("down")
            self.powered = False
            return
        must(facts["provisioned"], f"does not start: {facts['error'] or facts['result']}")
        before = self.now
        came, begun = self._stored.found(facts)
        self.now = self._frozen(came).copy()
        self.now.marked = min(state.marked for state in came)
        self.now.seen = max(state.seen for state in came)
        self._stored.judge_loss(before, self.now, self._struck)
        self._clock.started(facts, begun)
        self.powered = True
        self._struck = self._uncommitted = self._uncommitted_ms = 0
        self._sequence = 0
        self._note(facts)

    def _frozen(self, states: list[Account]) -> Account:
        """Return the state that agrees with the freezes, where a day ended in the start.

        A purchase that was cut off comes before that end if the ledger had it, else after.
        """
        if len({state.ends for state in states}) > 1:
            days = freezes(self.meter, "days")
            states = [state for state in states if not self._days.wrong(days, state)]
            must(bool(states), "no state that the start may have come to agrees with the freezes")
        return states[-1]

    def _lost_power(self, states: list[Account], sure: bool = False) -> None:
        """Power failed in the command: any of these may be on flash now, too.

        sure: one of these is, since there is a receipt for it.
        """
        self._note_frozen(states)
        self._stored.add(states, sure)
        self.meter.do("down")
        self.powered = False

    def _note_frozen(self, states: list[Account]) -> None:
        """Take note of the days that have ended and may not be committed."""
        day = self._stored.day
        self._days.cut_off(day, max(state.day for state in (self.now, *states)) - day)

    # --- purchases and administration ---------------------------------------------------

    def credit(self, tid: Any, units: Any, cut: Cut = None) -> bool:
        """Offer a purchase; return whether it was taken, as far as the receipt says."""
        wanted = purchase_code(self.now, self.settings["maximum_balance"], tid, units)
        facts = self.meter.do("credit", tid, units, cut=cut)
        code, reason = facts["result"] if isinstance(facts["result"], list) else (
            0, str(facts["result"]))
        if facts["powered"]:
            allowed = (wanted,) if not (self.full and wanted == EXECUTION_OK) else (
                wanted, EXECUTION_FAILURE, RECEIVED)
            must(code in allowed, f"purchase {tid} of {units}: code {code} {reason}, "
                 f"expected {wanted}")
            self.counts["top-ups refused"] += code not in (EXECUTION_OK, RECEIVED)
            self.counts["top-ups put off"] += code in (EXECUTION_FAILURE, RECEIVED)
        taken = code in (EXECUTION_OK, RECEIVED)
        states: list[Account] = []
        if wanted == EXECUTION_OK:
            states = self._stored.bought(self.now, tid, units)
        if taken:
            must(wanted == EXECUTION_OK, f"purchase {tid} was taken")
            self.counts["top-ups"] += 1
            self.now.credit(tid, units)
            states += self._looked(facts)
        if not facts["powered"]:
            self._lost_power(states, taken)
            return taken
        self._judge(facts)
        if code == RECEIVED:
            self._stored.states = states
        elif taken:
            self._relay.ticked(facts, self._allowed, self.full)
        return taken

    def tariff(self, tariff: SoakTariff, start: int, cut: Cut = None) -> None:
        """Load a tariff that takes over at a second."""
        facts = self.meter.do("tariff", tariff.text, start, cut=cut)
        self._changed(facts, lambda state: setattr(state, "next", (tariff, start)))

    def set_clock(self, second: int, cut: Cut = None) -> None:
        facts = self.meter.do("set_clock", second, cut=cut)
        if facts["powered"]:
            self._clock.was_set(facts, second)
        self._changed(facts, lambda state: None)

    def owe(self, number: int, units: int, cut: Cut = None) -> None:
        """Set one of the debts."""
        facts = self.meter.do("debt", number, units, cut=cut)
        self._changed(facts, lambda state: state.owe(number, units))

    def change_settings(self, changes: dict[str, Any], cut: Cut = None) -> None:
        facts = self.meter.do("settings", changes, cut=cut)
        if not refused(facts) or not facts["powered"]:
            self._stored.change(changes)
        self._changed(facts, lambda state: None)
        if facts["powered"]:
            self._stored.keep_settings()

    def _changed(self, facts: Facts, change: Change) -> None:
        """Take note of a command that is all or nothing."""
        changed = self.now.copy()
        change(changed)
        if not facts["powered"]:
            self._lost_power([self.now.copy(), changed])
            return
        if refused(facts):
            must(self.full, str(facts["result"]))
        else:
            self.now = changed
        self._judge(facts)

    def refuse(self, *command: Any) -> None:
        """Ask for what must be refused and change nothing."""
        facts = self.meter.do(*command)
        must(refused(facts), f"{command} was not refused")
        must(facts["settings"] == self.facts["settings"], f"{command} changed the settings")
        self.counts["commands refused"] += 1
        self._judge(facts)

    def world(self, *command: Any) -> Facts:
        """Have something happen that the account must not notice."""
        facts = self.meter.do(*command)
        if self.powered:
            self._judge(facts)
        return facts

    # --- judgement ----------------------------------------------------------------------

    def _judge(self, facts: Facts) -> None:
        differs = difference(self.now, facts)
        must(not differs, differs)
        self._clock.went_on(facts)
        committed = facts["sequence"] != self._sequence
        self._note(facts)
        if committed:
            self._stored.committed(self.now)
            self._uncommitted = self._uncommitted_ms = 0

    def _note(self, facts: Facts) -> None:
        must(facts["sequence"] >= self._sequence, "the ledger's sequence went back")
        self._sequence = facts["sequence"]
        if self.now.changed:
            self.now.changed = False
            self.now.total = charged(facts)
        self._relay.noted(facts)
        self.facts = facts

    def records(self) -> None:
        """Hold the freezes and the purchase log against the account."""
        if self.facts["records"]:
            judge_records(self.meter, self.now, self._days)

    def first_instant(self, day: int) -> int:
        return first_instant(self.now.zone, day)
