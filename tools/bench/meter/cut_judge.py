"""What must hold of a meter after a power cut, whatever was cut."""

import os

from joulegate.core.events import EVENTS_CLEARED
from meter.cut_case import Case, counts_of
from meter.lean_meter import FOLDER, LeanMeter

_COUNTS = 4500
"""What is used after each recovery: above every commit limit of the kinds, 133 Wh."""


class Violation(Exception):
    """What a cut has broken."""


def must(holds: bool, text: object) -> None:
    """Violation with a text unless something holds."""
    if not holds:
        raise Violation(text if isinstance(text, str) else repr(text))


def facts(meter: LeanMeter) -> object:
    """Return all that must be old or new together; the account's are None before there is one."""
    app = meter.app
    state = app.state
    constants = sorted(app.calibration_store.load().items(), key=lambda item: item[0])
    if not state.provisioned:
        return None, constants
    account = state.account
    billing = state.billing
    return (
        account.credits, account.charges, account.remainder, account.d2,
        sorted(m for m in state.replay.marks if m), state.registers.counts(0),
        state.registers.counts(1), billing.day, billing.month, list(billing.cells),
        list(billing.positions), billing.settled_units, billing.settled_remainder,
        list(account.debts.remaining), account.debts.recovered, account.debts.capped,
        billing.tariff_digest, billing.next_digest, billing.next_start,
        _settings(state.settings.values), constants)


def _settings(values: object) -> list:
    """What differs from its default, and the one whose default goes by the memory."""
    found = dict(values.changed)
    found["commit_Wh"] = values["commit_Wh"]
    return sorted(found.items(), key=lambda item: item[0])


def sound(meter: LeanMeter, case: Case, floor: list, complete: bool = True) -> None:
    """Check what must hold at every instant.

    floor: counts below which no register may be. complete: no write has failed other than by a
    cut, so that no record may lack an entry.
    """
    _account_sound(meter, case, floor)
    if meter.app.state.provisioned and meter.app.state.records is not None:
        _freezes_sound(meter.app.state, complete and not case.waits)
        _purchase_log_sound(meter.app.state, case, complete)
        _readable(meter.app.state.records, case)


def _account_sound(meter: LeanMeter, case: Case, floor: list) -> None:
    state = meter.app.state
    must(state.error == "", "state: " + state.error)
    must(not state.settings.wrong or "settings" in case.damaged, state.settings.wrong)
    if not state.provisioned:
        must(not state.ledger.exists(), "a ledger, and no account")
        return
    account = state.account
    must(meter.app.gate.suspended == "" or "journal" in case.damaged,
         "gate: " + meter.app.gate.suspended)
    must(state.billing.audit() == "", "audit: " + state.billing.audit())
    must(account.balance == account.credits - account.charges, "balance is not credits - charges")
    taken = sum(units for tid, units in case.purchases.items() if spent(state, tid))
    must(account.credits == taken, "credits %d, the marks say %d" % (account.credits, taken))
    counts = counts_of(meter)
    must(all(n >= least for n, least in zip(counts, floor)),
         "registers went back: %r, they were at %r" % (counts, floor))
    if meter.memory is not None:
        must("ledger.bin" not in os.listdir(FOLDER), "the ledger is a file and not in FRAM")


def spent(state: object, tid: int) -> bool:
    """Whether a purchase is in the account: marked, or below every mark of a full store."""
    return state.replay.used(tid) or state.replay.old(tid)


def _freezes_sound(state: object, complete: bool) -> None:
    last = None
    for frozen in state.records.freezes.days():
        must(frozen["balance"] == frozen["credits"] - frozen["charges"], "freeze: balance")
        if last is not None and frozen["day"] == last["day"] + 1:
            must(frozen["day_charges"] == frozen["charges"] - last["charges"], "freeze: charges")
            must(frozen["day_credits"] == frozen["credits"] - last["credits"], "freeze: credits")
        must(last is None or frozen["day"] > last["day"], "freeze: days are not in order")
        last = frozen
    # None of them says so of a new account: its first day has not ended.
    must(last is None or not complete or last["day"] == state.billing.day - 1,
         "freeze: not up to yesterday")
    months = [e["month"] for e in state.records.freezes.months()]
    must(months == sorted(months), "freeze: months are not in order")


def _purchase_log_sound(state: object, case: Case, complete: bool) -> None:
    ring = state.records.purchases.credits
    seen = [entry["tid"] for entry in ring.entries()]
    must(len(set(seen)) == len(seen), "purchase log: a purchase twice")
    if complete and len(seen) < ring.capacity and "records" not in case.damaged:
        for mark in state.replay.marks:
            must(not mark or mark in seen, "purchase log lacks %d" % mark)


def _readable(records: object, case: Case) -> None:
    """Every entry that a ring counts as kept must be there and believable."""
    if "records" in case.damaged:
        return
    rings = records.events.rings + [
        records.freezes.day_ring, records.freezes.month_ring, records.purchases.credits,
        records.purchases.refusals]
    for ring in rings:
        first = None
        for entry in ring.entries():
            first = first or entry
        # A class that was cleared begins with the entry that says so.
        gone = 0
        if first is not None and first.get("code") == EVENTS_CLEARED:
            gone = first["sequence"] - max(0, ring.next - ring.capacity)
        must(not ring.damaged and not ring.foreign and ring.missing == gone,
             "%s: %d damaged, %d missing" % (ring.path, ring.damaged, ring.missing))
    profile = records.profile.ring
    newest = profile.next - 1
    must(newest < 0 or profile.read(newest) is not None, "profile: the newest is not there")


def goes_on(meter: LeanMeter, case: Case, floor: list, complete: bool = True) -> None:
    """The meter must take each purchase once, meter, commit and start again."""
    if not meter.app.state.provisioned:
        _provisioned_again(meter, case)
    state = meter.app.state
    suspended = meter.app.gate.suspended != ""
    for tid, units in case.purchases.items():
        used = spent(state, tid)
        receipt = meter.app.gate.credit(tid, units, meter.app.clock.now())
        must(receipt.accepted != (used or suspended),
             "purchase %d again: %s" % (tid, receipt.reason))
    _account_sound(meter, case, floor)
    must(suspended or state.account.credits == sum(case.purchases.values()), "purchases are lost")
    before = state.registers.counts(0)
    meter.board.mains = True
    meter.board.chip.count((_COUNTS, 0, 0, 0), True)
    meter.steps()
    must(state.registers.counts(0) == before + _COUNTS, "does not meter")
    last = facts(meter)
    meter.power_down()
    meter.power_up()
    must(facts(meter) == last, "does not commit")
    sound(meter, case, floor, complete)


def _provisioned_again(meter: LeanMeter, case: Case) -> None:
    case.act(meter)
    must(meter.app.state.provisioned, "cannot be provisioned after the cut")
