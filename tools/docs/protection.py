"""`python -m tools.docs.protection`: print docs/protection.md, with the firmware's settings."""

from tools.docs import firmware

PAGE = """\
# Protection

What opens the relay for safety's sake, and how supply comes back. This page is printed by
`python -m tools.docs.protection`; do not edit it. The detectors are in
[`core/protection`](../firmware/joulegate/core/protection);
[`watch.py`](../firmware/joulegate/watch.py) has them look after each tick and brings [their
reasons](supply.md#reasons-and-who-lifts-them) to the supply. One that no setting asks for is not
loaded, and all are off until a setting asks, but the comparator, where the board has one.

| what | reason | events, with their value | comes back |
|---|---|---|---|
{detectors}

The [load limit](supply.md#load-limit), an average over minutes, is about money and contracts;
the rest of this page is about contacts and fire.

## What holds for all

- While the metering IC does not answer, nothing trips and nothing comes back, the terminals'
  temperature included. The same while the mains is failing.
- No pulse below 161 V (70 % of 230 V): the coil's rail cannot be trusted. A voltage below that
  is told, but the relay stays where it is.
- Opening for `overload`, `voltage` or `fault` pulses first and commits after, since a commit can
  take longer than a contact bears a fault. If power fails between the two, the relay is open and
  the ledger does not know; the load side shows it at the next start, and supply goes on by what
  is found then. On a board without a load-side detector the commit comes first.
- An opening does not wait for a closing just before it to be proven, only for its pulse to end.
  It does count among the {hourly} pulses of an hour and {daily} of a day.
- Reasons outlast a power cut. Whoever was off for the voltage stays so until the mains has been
  good for `reclose_s` after the start, and who was off for heat until it has cooled. The tries
  of an overload are kept too; the wait for the next one begins anew.
- A limit that is switched off by its setting lets go, after `reclose_s` if another of the mains
  stays.
- In `control_mode` 0 the relay is never opened, by protection neither. All is told.
- An event is told when it begins and when it ends, once, however long it flickers: it must last
  for `protection_delay_s`, and be away for `reclose_s`.

## Overcurrent

Above `overcurrent_mA` time runs by a curve of IEC 60255-151: the trip comes after `T k /
(M^alpha - 1)` seconds at M times the setting, T being `overcurrent_multiplier` / 100.

| `overcurrent_curve` | | k | alpha | reset | M = 2 | M = 5 | M = 10 |
|---:|---|---:|---:|---:|---:|---:|---:|
{curves}

Seconds at T = 1. They hold within 1.5 % from 1.1 times the setting on, and are seen at the end
of a tick. From 20 times on the time is that of 20 times. The part of the way that has passed is
kept, so bursts add up; below the setting it falls again, from full to nothing in `T reset / (1 -
M^2)` seconds, also while the relay is open. A power cut forgets it, but not the tries.

`overcurrent_peak_mA` is the instantaneous stage: the first reading at or above it trips.

After a trip supply comes back by itself after `overload_wait_s`, `overload_retries` times in a
row. Then it takes an administrator or a technician, who have seen what it was. {quiet} without a
trip forget the tries.

## The comparator

A reading is a mean over some tenths of a second, read once a tick; a short circuit is another
matter. A board may have a comparator on the shunt whose output is high while the current is
beyond what the contacts bear, held over the zero crossings of the current (20 ms or longer). Its
interrupt (`on_overcurrent` in the board file) wakes a task that looks {looks} times, {gap} ms
apart, and if the output was high each time opens the relay at once. That is the same trip as the
others, with the same tries. Its threshold is soldered, so no setting asks for it.

From the comparator's edge to the opening pulse it takes {confirm} ms of looking, one tick, and
whatever the processor was busy with: at worst a commit to flash. On the bench the contact itself
opens within 100 ms at five times the limit, by a test.

A spike is counted and forgotten. The interrupt is armed anew at most every {rest} ms, so a line
that oscillates costs metering nothing. Of the boards only the bench has the input; the others
leave it out, and so trip by readings alone.

## Voltage and frequency

Beyond `overvoltage_V`, `undervoltage_V`, `frequency_high_cHz` or `frequency_low_cHz` for longer
than `protection_delay_s` supply goes off. It comes back once the mains has been within them for
`reclose_s` without a break, by `voltage_hysteresis_V` or 0.1 Hz on the good side. Below, the
voltage is that of the lowest phase, above that of the highest.

## Terminals

A loose screw heats the terminals long before it burns. Above `temperature_dC` for
`protection_delay_s` supply goes off. It needs a sensor (`temperature_dC` in the board's
`sensors()`); of the boards only the bench has one.

## Three phases

A driver for three phases says so (`phases = 3`) and gives voltage, current and active power of
each. A phase below `phase_loss_V` while another is not is lost. With all of them away it is an
outage. More than `phase_unbalance_W` between the phase with the highest and that with the lowest
active power, for `protection_delay_s`, is an overload. A single-phase meter takes both settings
and does not act on them.

The [ATM90E32AS](metering-ics.md#atm90e32as) is such a driver. What has one value goes by the
highest phase: `overcurrent_mA` and `overcurrent_peak_mA` by the largest current, the relay's check
of its rail by the highest voltage, since the meter is supplied from whichever phase is there. A
wrong phase sequence does not spoil metering and trips nothing.

## Settings

| setting | default | range | |
|---|---:|---|---|
{settings}
| `phase_unbalance_W` | {unbalance[0]} | {unbalance[1]} to {unbalance[2]} | {unbalance[3]} |
"""

_DETECTORS = (
    ("[overcurrent](#overcurrent), inverse time", "overload",
     "`overload_tripped` mA, `overload_retried` tries",
     "after `overload_wait_s`, `overload_retries` times; then `reset_alarm`"),
    ("instantaneous stage", "overload", "the same", "the same"),
    ("[comparator](#the-comparator)", "overload", "the same", "the same"),
    ("unbalance of [three phases](#three-phases)", "overload",
     "`unbalance_began`, `unbalance_ended` W, and the same", "the same"),
    ("voltage too high", "voltage",
     "`overvoltage_began`, `overvoltage_ended` hundredths of V",
     "after `reclose_s` of good mains"),
    ("voltage too low", "voltage",
     "`undervoltage_began`, `undervoltage_ended` hundredths of V", "the same"),
    ("frequency out of range", "voltage",
     "`frequency_left`, `frequency_back` hundredths of Hz", "the same"),
    ("a lost phase", "voltage", "`phase_lost`, `phase_back` its number", "the same"),
    ("hot terminals", "fault", "`overheated`, `cooled` tenths of a degree",
     "once cooled by `temperature_hysteresis_dC`"),
)
_CURVES = (
    (1, "standard inverse", "0.14", "0.02", "13.5"), (2, "very inverse", "13.5", "1", "47.3"),
    (3, "extremely inverse", "80", "2", "80"),
)


def page() -> str:
    """The whole page."""
    rules = firmware.load("joulegate.storage.setting_rules")
    switch = firmware.load("joulegate.supply_switch")
    task = firmware.load("joulegate.metering_task")
    quiet_s = firmware.load("joulegate.core.protection.overload").QUIET_S
    return PAGE.format(
        detectors="\n".join(
            f"| {what} | `{reason}` | {events} | {back} |"
            for what, reason, events, back in _DETECTORS),
        hourly=switch.HOURLY_PULSES, daily=switch.DAILY_PULSES,
        curves="\n".join(_curve(*row) for row in _CURVES),
        quiet=f"{quiet_s // 60} minutes", looks=task.CONFIRMATIONS, gap=task.CONFIRM_MS,
        confirm=task.CONFIRMATIONS * task.CONFIRM_MS, rest=task.REST_MS,
        unbalance=rules.NumberRules(1)["phase_unbalance_W"],
        settings="\n".join(
            "| `{}` | {} | {} to {} | {} |".format(*line.split(" ", 4))
            for line in rules.TOPICS["protection"].split("\n") if line))


def _curve(number: int, name: str, k: str, alpha: str, reset: str) -> str:
    times = [f"{float(k) / (m ** float(alpha) - 1):.2f}" for m in (2, 5, 10)]
    return f"| {number} | {name} | {k} | {alpha} | {reset} | {' | '.join(times)} |"


if __name__ == "__main__":
    print(page(), end="")
