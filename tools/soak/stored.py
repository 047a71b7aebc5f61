"""What may stand on a meter's flash: a set of states, of which a start must show one."""

from typing import Any

from tools.soak.account import Account
from tools.soak.meter import Facts
from tools.soak.verdict import difference, must


class Stored:
    def __init__(self, account: Account, settings: dict[str, Any]) -> None:
        self.states = [account.copy()]
        self._settings = [settings]
        self._limit_Wh = 0
        self.most_lost_Wh = 0.0
        """By a cut, without the energy of the tick it struck."""

    # --- settings -----------------------------------------------------------------------

    @property
    def settings(self) -> dict[str, Any]:
        return self._settings[-1]

    def change(self, changes: dict[str, Any]) -> None:
        """Take note of settings that may be on flash now, beside those before."""
        self._settings.append({**self.settings, **changes})

    def keep_settings(self) -> None:
        """Take note that the latest settings are on flash."""
        del self._settings[:-1]

    # --- the account --------------------------------------------------------------------

    @property
    def day(self) -> int:
        """The earliest day that may be the ledger's."""
        return min(state.day for state in self.states)

    def committed(self, account: Account) -> None:
        self.states = [account.copy()]

    def bought(self, account: Account, tid: int, units: int) -> list[Account]:
        """Return what a purchase may leave: the journal alone has it, or the ledger, too.

        account: as it would be committed, without the purchase.
        """
        states = [state.copy() for state in (*self.states, account)]
        for state in states[:-1]:
            state.journaled = (*state.journaled, (tid, units, account.share(units)))
        states[-1].credit(tid, units)
        return states

    def started_in_vain(self, now: int) -> None:
        """A start was cut, at this second of the meter's clock."""
        for state in self.states[:]:
            started = state.copy()
            started.start(now)
            self.states.append(started)

    def found(self, facts: Facts) -> tuple[list[Account], list[Account]]:
        """Judge a start; return the states it may have come to, and begun with."""
        # The ledger has no mark of reactive energy: a cut may leave the registers' older one.
        reactive = tuple(n // 1000 for n in facts["thousandths"][2:])
        must(reactive in [state.counts[2:] for state in self.states],
             f"starts with reactive energy {reactive}, never committed")
        begun, came, wrong = [], [], []
        for state in self.states:
            started = state.copy()
            started.counts = (*state.counts[:2], reactive[0], reactive[1])
            started.start(facts["now"])
            differs = difference(started, facts)
            if differs:
                wrong.append(differs)
            else:
                begun.append(state)
                came.append(started)
        must(bool(came), "starts with what was never committed:\n  " + "\n  ".join(wrong))
        self._limit_Wh = max(settings["commit_Wh"] for settings in self._settings)
        self._settings = [s for s in self._settings if s == _subset(facts["settings"], s)][-1:]
        must(bool(self._settings), f"starts with settings {facts['settings']}")
        self.states = begun + came
        return came, begun

    def judge_loss(self, before: Account, after: Account, struck: int) -> None:
        """Judge that a cut took no more energy than may be uncommitted between two ticks.

        struck: counts of the tick that it struck.
        """
        lost = sum(before.counts[:2]) - sum(after.counts[:2]) - struck
        Wh = lost * 1000 / after.counts_per_kWh
        must(Wh < self._limit_Wh, f"{Wh:.1f} Wh are lost, at most {self._limit_Wh} may be")
        self.most_lost_Wh = max(self.most_lost_Wh, Wh)

    def add(self, states: list[Account], alone: bool = False) -> None:
        """Take note of what else may be on flash; alone: nothing but these."""
        self.states = states if alone else self.states + states


def _subset(values: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in names}
