"""`python -m tools.docs.display_page`: print docs/display.md, with the firmware's own tables."""

from collections.abc import Iterable

from tools.docs import firmware
from tools.docs.display_words import PLAIN, REFUSALS

PAGE = """\
# Display, keys, lamps and sounds

What the meter shows, how a token is typed, and what lights and beeps mean. This page is printed by
`python -m tools.docs.display_page`; do not edit it. The pictures are drawn by
`python -m tools.docs.display docs/images/display` from what the firmware shows on the models of
both displays: segment glass, and an OLED in English and in Chinese. Which parts these are is in
[displays as hardware](display-hardware.md).

![The balance](images/display/100.png)

## Keys

| key | while digits are typed | otherwise |
|---|---|---|
| `0` to `9` | the next digit | begins a token, or a short code |
| `*` | deletes the last digit | the page before |
| `#` | enters 20 digits; shows the page of 3 | the next page |

A key counts when it has been down for {scans} looks, {look} ms apart. Two keys that go down at
once, or three at the corners of a rectangle, count for nothing until all are up. A key that is
down for {stuck} s is stuck: it counts no more until it comes up, and the others go on. Digits
are forgotten {timeout} s after the last key, and as soon as they are entered; they are never
written down.

**The customer's button** does first what it means to [the supply](supply.md#control-modes):
accepts emergency credit, ends an alarm, switches on again, and, held for 3 s, switches off where
that is allowed; the display then shows the page of it. A short press that means nothing to the
supply silences a warning that has sounded in the last minute; otherwise it shows the next page. A
press that has turned a page or silenced a warning is no event. On a meter without a display, only
the first and the silencing hold.

A display that is dark lights at a key or press. The button, `*` and `#` do no more than that
then; a digit is typed.

## Typing a token

![Fourteen digits](images/display/typing.png)

Digits stand in groups of four. The glass shows the last group and the one before, and in
small digits how many there are. With 20 of them, `#` enters.

![Accepted](images/display/accepted.png)

What was credited, and the balance. A token that credits nothing is answered by `donE`; of a
[key change](tokens.md#keys), by the number of tokens that are still to come.

![Refused](images/display/refused.png)

| shown | why | what to do |
|---|---|---|
{refusals}

Three wrong tokens are free; then the keypad waits, longer after each further one, see
[lock-out](tokens.md#lock-out). The display counts the seconds.

![Locked](images/display/locked.png)

## Pages

Three digits and `#` show a page; `#`, `*` and the button go through those that have anything to
say on this meter. After `display_idle_s` without a key the display rolls through
{rolled}, or those of the setting `display_pages`: the alarms only while there are any, the
supply only while it is off, and none that does not know its value.

| code | page | 中文 | |
|---:|---|---|---|
{pages}

The balance, and what else is left, is rounded down: below nothing it is never shown as
0.00. Amounts have the currency's decimals, two at most. Costs are all that was charged: standing
charges, debts and other energies with it. `----` is what nobody knows, or what does not exist on
this meter.

{pictures}

## Alarms

The page {alarm_page} shows each for 4 s.

| shown | says | 中文 |
|---|---|---|
{alarms}

## Signs

| sign | while |
|---|---|
| warning triangle | there is an alarm |
| OFF | the relay is open |
| aerial | the head-end can be reached |
| arrow | power goes to the grid |
| low credit | a warning level is passed, or the credit is used up |
| T1 to T4 | that period of the tariff is in force, in the order of its document |
| clock | nobody knows the time |
| lock | the keypad waits after wrong tokens |
| muted | a warning was silenced |

## Lamps

| credit lamp | |
|---|---|
| on | there is credit |
| {slow} | low: a warning level is passed, or emergency credit is offered |
| {twice} | emergency credit is in use |
| off | no credit: supply is off; or the meter is not provisioned |

| alarm lamp | |
|---|---|
| off | nothing, or nothing but low credit |
| {flash} | clock not set, tokens suspended, safe mode |
| {slow} | supply is off for another reason than credit; the relay, the memory or measuring fails |
| {fast} | tampering |

## Sounds

| sound | |
|---|---|
| a click | a key |
| short, long | a token was accepted |
| three of 0.15 s | refused |
| one to four of 0.2 s | so many warning levels are passed |
| three of 0.6 s | supply has gone off for want of credit |

A warning is repeated every `buzzer_minutes` until the button silences it, the credit rises or the
next level is passed. In the hours of quiet no warning sounds; one that is due then sounds at their
end.

## Settings

| setting | default | range | |
|---|---:|---|---|
{settings}
| `language` | en | en, zh | of the texts |
| `display_pages` | | at most 16 codes | that the display rolls through |

An OLED ages where it is lit: `display_dark_s` of 60 is for it.

## When a part fails

A display or keypad that does not answer, a key that is stuck and a lamp that cannot be reached
are told by the event `panel_failed`, once an hour at most; its value is the sum of 1 display, 2
keypad, 4 a key that is stuck, 8 lamps or buzzer. They are tried again every {retry} s. One that
is broken at a start is told with the value 0 and not tried again before the next. Metering,
supply and tokens from elsewhere do not depend on them.

## For who adds a page

A page is a line in the table of [`pages.py`](../firmware/joulegate/panel/pages.py) and a function
of its group's module that fills the one [`Page`](../firmware/joulegate/panel/page.py) there is;
its title is a line in both files of texts. `tools/glyphs` then makes the characters that are
new, and a test says so if they are missing. What is read from flash or worked out from a
statement is filled once in 10 s, all else once a second.
"""


def page() -> str:
    """The whole page."""
    english = _texts("en")
    chinese = _texts("zh")
    keypad = firmware.load("joulegate.drivers.keypad")
    panel = firmware.load("joulegate.panel.panel")
    pages = firmware.load("joulegate.panel.pages")
    patterns = firmware.load("joulegate.panel.patterns")
    settings = firmware.load("joulegate.storage.setting_rules")
    rows = [line.split() for line in pages.PAGES.split("\n") if line]
    return PAGE.format(
        scans=keypad.SCANS, look=keypad.LOOK_MS, stuck=keypad.STUCK_MS // 1000,
        timeout=panel.KEY_TIMEOUT_S, retry=panel.RETRY_MS // 1000,
        refusals=_lines(_refusal(english, number, word) for number, word in _refused()),
        rolled=", ".join(str(code) for code in pages.ROLLED[:-1]) + f" and {pages.ROLLED[-1]}",
        pages=_lines(
            f"{code} | {english[title]} | {chinese[title]} | {PLAIN[name]}"
            for code, name, _ in rows
            for title in ["title." + pages.plain_name(name)]),
        pictures="\n".join(
            f"![{code}](images/display/{code}.png)" for code, name, _ in rows
            if name not in ("alarm", "energy_2", "energy_3", "energy_4")),
        alarm_page=501,
        alarms=_lines(
            f"`A-{number:02}` | {_joined(english, number)} | {_joined(chinese, number)}"
            for number in firmware.load("joulegate.panel.alarms").NUMBERS),
        slow=_blinks(patterns.SLOW), twice=_blinks(patterns.TWICE),
        fast=_blinks(patterns.FAST), flash=_blinks(patterns.FLASH),
        settings=_lines(
            "`{}` | {} | {} to {} | {}".format(*line.split(" ", 4))
            for line in settings.TOPICS["panel"].split("\n") if line))


def _texts(language: str) -> dict[str, str]:
    texts: str = firmware.load(f"joulegate.panel.texts_{language}").TEXTS
    return dict(line.split(" ", 1) for line in texts.split("\n") if line)


def _refused() -> list[tuple[int, str]]:
    """Return the numbers that are shown and the words of sts_token, by number."""
    number = firmware.load("joulegate.panel.token_answer").refusal_number
    return sorted((number(word), word) for word in REFUSALS)


def _refusal(texts: dict[str, str], number: int, word: str) -> str:
    said = texts["token." + word].replace("|", " ")
    shown = "seconds, the lock" if word == "locked" else f"`E-{number:02}`"
    return f"{shown} | {said} | {REFUSALS[word]}"


def _joined(texts: dict[str, str], number: int) -> str:
    return texts[f"alarm.{number}"].replace("|", " ")


def _blinks(pattern: bytes) -> str:
    spans = [f"{span / 10:g} s {'off' if at % 2 else 'on'}" for at, span in enumerate(pattern)]
    return ", ".join(spans)


def _lines(rows: Iterable[str]) -> str:
    return "\n".join(f"| {row} |" for row in rows)


if __name__ == "__main__":
    print(page(), end="")
