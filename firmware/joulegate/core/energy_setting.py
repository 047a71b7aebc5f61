"""What is counted by pulses besides electricity: the setting `energies`, a text an input.

    INPUT NAME PULSES/UNIT PRICE [above AMOUNT PRICE]... [daily PRICE] [ms LEAST]

    1 water 100/m3 2.35                           100 pulses a cubic metre, at 2.35 each
    2 gas 1/10l 0.0009 above 50000 0.0012         a pulse for each 10 l, dearer above 50000 l
    3 heat 1/kWh 0.11 daily 0.25 ms 100           0.25 a day besides, contacts of 100 ms or more

Prices are for one unit, with tax, in the currency of the account; steps go by the calendar
month. See docs/other-energies.md.
"""

from micropython import const

from joulegate.core.amounts import parse_decimal, scaled

INPUTS_MAX = const(4)
STEPS_MAX = const(4)
"""Prices besides the first."""
PRICE_PLACES = const(8)
NAME_LONGEST = const(12)
UNIT_LONGEST = const(4)
PULSES_MAX = const(100000)
SIZE_MAX = const(1000)
AMOUNT_MAX = const(1000000)
PRICE_MAX = const(1000000)
LEAST_MS = const(30)
LEAST_MS_LOWEST = const(2)
LEAST_MS_HIGHEST = const(1000)
UNITS_MAX = const(0x1000000)
"""Most credit units that a pulse or a day may cost."""

_LONGEST = const(120)
_NAME = "abcdefghijklmnopqrstuvwxyz0123456789_-"


class EnergyError(ValueError):
    """A text of the setting that cannot be used: what of it, the value and the rule."""


class Energy:
    """What one text says. Amounts of money are in 1e-8 of the currency."""

    def __init__(self, text: str) -> None:
        """EnergyError for a text that breaks a rule."""
        words = text.split() if isinstance(text, str) and len(text) <= _LONGEST else []
        if len(words) < 4:
            raise EnergyError("%r: must be a text INPUT NAME PULSES/UNIT PRICE of at most %d "
                              "characters, like '1 water 100/m3 2.35'" % (text, _LONGEST))
        self.input = _number("input", words[0], 1, INPUTS_MAX)
        self.name = _name("name", words[1], NAME_LONGEST)
        pulses, _, unit = words[2].partition("/")
        size = ""
        while unit[:1].isdigit():
            size += unit[0]
            unit = unit[1:]
        self.pulses = _number("pulses", pulses, 1, PULSES_MAX)
        self.size = _number("units", size or "1", 1, SIZE_MAX)
        """So many units have `pulses` pulses."""
        self.unit = _name("unit", unit.lower(), UNIT_LONGEST) and unit
        self.steps = [(0, _price("price", words[3]))]
        """(units of the month above which it holds, price), rising."""
        self.daily = 0
        self.least_ms = LEAST_MS
        """Shortest pulse and shortest pause."""
        self._read_options(words[4:])

    def _read_options(self, words: list) -> None:
        told = []
        while words:
            word = words.pop(0)
            if len(words) < (2 if word == "above" else 1) or (word != "above" and word in told):
                raise EnergyError("%s: must be followed by its value, once" % word)
            told.append(word)
            if word == "above":
                above = _number("above", words.pop(0), 1, AMOUNT_MAX)
                if above <= self.steps[-1][0] or len(self.steps) > STEPS_MAX:
                    raise EnergyError("above %d: must rise, in at most %d steps" % (
                        above, STEPS_MAX))
                self.steps.append((above, _price("price above %d" % above, words.pop(0))))
            elif word == "daily":
                self.daily = _price(word, words.pop(0))
            elif word == "ms":
                self.least_ms = _number(word, words.pop(0), LEAST_MS_LOWEST, LEAST_MS_HIGHEST)
            else:
                raise EnergyError("%r: must be 'above AMOUNT PRICE', 'daily PRICE' or "
                                  "'ms LEAST'" % word)

    def cost(self, pulses: int) -> int:
        """Return what so many pulses of a month cost, in 1e-8 currency / `pulses`, exactly."""
        units = pulses * self.size
        total = 0
        for i in range(len(self.steps)):
            above, price = self.steps[i]
            above *= self.pulses
            if units <= above:
                break
            end = units
            if i + 1 < len(self.steps):
                end = min(units, self.steps[i + 1][0] * self.pulses)
            total += (end - above) * price
        return total

    def price_after(self, pulses: int) -> int:
        """Return the price of the next unit once so many pulses of the month were counted."""
        found = 0
        for above, price in self.steps:
            if pulses * self.size >= above * self.pulses:
                found = price
        return found


def parse(texts: list) -> list:
    """Return the Energy of each text; EnergyError for a bad one or an input named twice."""
    if len(texts) > INPUTS_MAX:
        raise EnergyError("%d texts: at most %d" % (len(texts), INPUTS_MAX))
    found: list = []
    for text in texts:
        energy = Energy(text)
        for other in found:
            if energy.input == other.input or energy.name == other.name:
                raise EnergyError("%r: input and name must be different from those of %s" % (
                    text, other.name))
        found.append(energy)
    return found


def check_for(energies: list, unit_places: int, inputs: int) -> None:
    """Raise EnergyError unless a meter with so many inputs, its credit unit of so many decimals,
    can count and charge these."""
    for energy in energies:
        if energy.input > inputs:
            raise EnergyError("setting energies: %s: input %d: this board has %d" % (
                energy.name, energy.input, inputs))
        most = max([price for _, price in energy.steps]) * energy.size // energy.pulses
        most = max(most, energy.daily) * 10 ** unit_places // 10 ** PRICE_PLACES
        if most > UNITS_MAX:
            raise EnergyError("setting energies: %s: a pulse or day costs %d credit units: must "
                              "be at most %d" % (energy.name, most, UNITS_MAX))


def _number(what: str, text: str, low: int, high: int) -> int:
    if not text or len(text) > 9 or not all(["0" <= c <= "9" for c in text]) or \
            not low <= int(text) <= high:
        raise EnergyError("%s %r: must be %d to %d" % (what, text, low, high))
    return int(text)


def _name(what: str, text: str, longest: int) -> str:
    if not "a" <= text[:1] <= "z" or len(text) > longest or \
            not all([c in _NAME for c in text]):
        raise EnergyError("%s %r: must be a letter and then letters, digits, - or _, %d at most"
                          % (what, text, longest))
    return text


def _price(what: str, text: str) -> int:
    try:
        value, used = parse_decimal(text, PRICE_PLACES)
    except ValueError as e:
        raise EnergyError("%s %r: %s" % (what, text, e)) from None
    value = scaled(value, used, PRICE_PLACES)
    if value > PRICE_MAX * 10 ** PRICE_PLACES:
        raise EnergyError("%s %r: must be at most %d" % (what, text, PRICE_MAX))
    return value
