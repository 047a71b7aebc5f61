"""`python -m tools.docs.supply`: print docs/supply.md, with the firmware's own tables."""

from collections.abc import Iterable
from typing import Any

from tools.docs import firmware

MEANINGS = {
    "credit": ("the balance is at the cut-off or below; a remote account's limit is used up",
               "the next tick with credit, above the close permit too"),
    "administrator": ("`supply_off`", "`supply_on`, `supply_arm`"),
    "overload": ("too much current, or three phases out of balance", "by itself after a wait, a "
                 "few times; then `reset_alarm`"),
    "voltage": ("mains out of range, a phase lost", "by itself, once the mains has been good "
                "for a while"),
    "tamper": ("an [attack](anti-theft.md) that `tamper_trips` names", "a clear-tamper token or "
               "`reset_alarm`"),
    "load_limit": ("more power than allowed", "by itself after a wait, a few times; then the "
                   "press or `reset_alarm`"),
    "fault": ("the meter's own hardware: hot terminals", "by itself, once they have cooled"),
    "alarm": ("the alarm that trips once", "the press, or a purchase above its level"),
}

PLACES = {
    "keep_power": "`keep_power`, until taken back",
    "temporary": "`supply_until`, until then; rests while nobody knows the time",
    "friendly": "[friendly hours](#friendly-hours)",
    "emergency": "[emergency credit](#emergency-credit), while it lasts",
}

PAGE = """\
# Supply

When a meter delivers, why not, and who may change that. This page is printed by
`python -m tools.docs.supply`; do not edit it. The rules are pure functions of balance, time and
energy in [`core/supply.py`](../firmware/joulegate/core/supply.py) and the modules beside it;
[`supply_switch.py`](../firmware/joulegate/supply_switch.py) brings the relay to what they say.

## States

The vocabulary is that of the DLMS/COSEM disconnect control, class 70.

| number | state | |
|---:|---|---|
{states}

The Blue Book calls a meter ready for reconnection as soon as it has disconnected by itself. Here
it is disconnected as long as a reason forbids supply, and ready only when a press would connect.

## Reasons, and who lifts them

Supply is on when no reason forbids it and no press is waited for. Each reason is lifted by its
own cause, or by the word of those in the table; nobody's word is credit.

| bit | reason | set by | way back | may lift it |
|---:|---|---|---|---|
{reasons}

Reasons stand in [the ledger](ledger.md) and outlast a power cut. [Protection](protection.md) sets
{protection}: for them the relay opens before the ledger is committed, in every
control mode but 0. `reset_alarm` lifts what the role of its key may, without `administrator`.

## What lifts want of credit

Each of these lets supply be on in spite of {liftable}, and of nothing else.

| bit | | given by |
|---:|---|---|
{lifts}

## Control modes

The setting `control_mode`. Transitions by their letters in the Blue Book; remote, manual and
local are an administrator's message, the customer's press and the meter itself.

| mode | `supply_on` | comes back by itself (h) | the customer may disconnect (f) |
|---:|---|---|---|
{modes}

In mode 0 the relay is never opened, whatever happens, and `supply_off` is refused. Otherwise
remote and local disconnection always are (b, c, g), and so is the press that reconnects (e).
`supply_arm` waits for the press in every mode. However direct a remote reconnection is, it ends
what an administrator did; what the meter itself has cut meanwhile has its own way back. A meter
without a button waits for no press: what would wait closes at once, and `supply_arm` is
`unsupported`.

The **button** is debounced. A short press accepts emergency credit, ends an alarm trip or a load
limit that has had its tries, and closes what is ready. Pressed for 3 s it disconnects, in the
modes that allow it. The event `button_pressed` says what came of it: {presses}.
On the bench it is pin 17; no other board leads one out yet.

## Credit

Amounts are credit units. Supply goes off at `cut_off` or below; below 0 that is an overdraft,
above it a reserve. Once off, it comes back only above `close_permit` too. What was kept on by
something of the list above needs no permit to stay on.

- **Warnings.** `warnings` are balances, `warning_percents` parts of the last top-up; each is
  told once on the way down and armed again by a purchase.
- **Alarm.** At `alarm_trip` or below supply goes off once, so that nobody can miss it, and comes
  back by a press. A purchase above the level ends it and arms it again. It needs a button.

### Emergency credit

`emergency_credit` units, offered at a balance of `emergency_threshold` or below and accepted by
a press, before the cut or after it. It is no money: the balance goes on falling, to `cut_off` less
the emergency credit, so the next top-up repays it first. It is over, and can be offered again,
once the balance is above the threshold. `emergency_power_W` limits the power meanwhile. It needs
a button.

While it is in use a top-up pays it before any debt.

### Debts

[Debts](charges.md#debts) are recovered from the balance by their own settings, below. They are no
reason against supply by themselves: what they take may be what brings the balance to the cut-off.
`debt_suspend` has the debts by time rest, 1 while emergency credit is in use, 2 while supply is
off for want of credit, 3 in both.

### Friendly hours

In these nobody is cut off for want of credit. At the end supply goes off if there is still none.
They bring nobody back who was off when they began; over a power cut they go on. `friendly_hours`
is a list of at most {entries} texts:

| entry | |
|---|---|
| `mon-fri 17:30-11:00` | from Monday to Friday, until 11:00 of the day after |
| `sun 00:00-24:00` | the whole Sunday |
| `all 22:00-06:00` | every day |
| `12-25 00:00-24:00` | every 25 December, in place of what its day of the week has |
| `2027-04-02 none` | that day none begin |

Times are local, by the account's zone. While nobody knows the time there are none.

### Remote account

After `account_mode` with a limit the head-end keeps the account. The meter delivers so much
more, in credit units charged or in Wh, and the head-end renews the limit. Metering, tariff and
the local balance go on as ever; cut-off, warnings, alarm and emergency credit rest.

## Load limit

`maximum_power_W` is the most that the mean power of a block of `load_limit_s` may be. Supply goes
off as soon as a block has more energy than that, and comes back by itself after
`load_limit_wait_s`, `load_limit_retries` times in a row; then only by the press or `reset_alarm`.
An hour without a trip forgets the tries, a power cut does not. Exported energy does not count.

`phase_unbalance_W` is for three-phase meters, see [protection](protection.md#three-phases). A
single-phase meter takes the token, stores the value and does not act on it.

## After an outage

A latching relay keeps its position. One that is open closes at the earliest a random time after
the power came back, up to `close_delay_s`, so that a street does not come back all at once.

## Settings

| setting | default | range | |
|---|---:|---|---|
{settings}
| `warning_percents` | | at most {warnings}, 1 to 99, falling | % of the last top-up |
| `friendly_hours` | | at most {entries} entries | |
| `cut_off`, `warnings` | 0, none | at most {warnings} warnings, falling | credit units |
| `maximum_power_W` | 0 | 0 to {watts} | W, 0 for no limit |
"""

_STATES = (
    "a reason forbids supply",
    "on",
    "nothing forbids it; the customer's press is waited for",
)


def page() -> str:
    """The whole page."""
    rules = firmware.load("joulegate.core.supply_reasons")
    settings = firmware.load("joulegate.storage.setting_rules")
    return PAGE.format(
        states=_lines(f"{n} | `{name}` | {_STATES[n]}" for n, name in enumerate(rules.STATES)),
        reasons=_lines(
            f"{1 << n} | `{name}` | {' | '.join(MEANINGS[name])} | {_people(rules, n)}"
            for n, name in enumerate(rules.REASONS)),
        protection=_names(rules.PROTECTION, rules.REASONS),
        liftable=_names(rules.LIFTABLE, rules.REASONS),
        lifts=_lines(
            f"{1 << n} | `{name}` | {PLACES[name]}" for n, name in enumerate(rules.LIFTS)),
        modes=_lines(_mode(rules, mode) for mode in range(len(rules.MODES))),
        presses=", ".join(
            f"{n} {name}"
            for n, name in enumerate(firmware.load("joulegate.core.supply_press").PRESSES)),
        entries=firmware.load("joulegate.core.friendly_hours").ENTRIES_MAX,
        warnings=firmware.load("joulegate.core.warning_levels").WARNINGS_MAX,
        watts=settings.NumberRules(1)["maximum_power_W"][2],
        settings=_lines(
            "`{}` | {} | {} to {} | {}".format(*line.split(" ", 4))
            for topic in ("supply", "debt") for line in settings.TOPICS[topic].split("\n")
            if line))


def _lines(rows: Iterable[str]) -> str:
    return "\n".join(f"| {row} |" for row in rows)


def _names(bits: int, names: tuple[str, ...]) -> str:
    found = [f"`{name}`" for n, name in enumerate(names) if bits >> n & 1]
    return " and ".join(filter(None, (", ".join(found[:-1]), found[-1])))


def _people(rules: Any, bit: int) -> str:
    who, may = rules.WHO, rules.MAY_LIFT
    found = [name for n, name in enumerate(who[:-1]) if may[n] >> bit & 1]
    return ", ".join(found) or "nobody"


def _mode(rules: Any, mode: int) -> str:
    bits = rules.MODES[mode]
    if bits & 8:
        return f"{mode} | always connected | | no"
    return (f"{mode} | {'closes (a)' if bits & 1 else 'waits for the press (d)'} | "
            f"{'yes' if bits & 2 else 'after a press'} | {'yes' if bits & 4 else 'no'}")


if __name__ == "__main__":
    print(page(), end="")
