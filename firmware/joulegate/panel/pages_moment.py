"""Pages of the moment: power, voltage, current, power factor, frequency."""

from joulegate.core.amounts import format_ratio
from joulegate.panel.figures import UNKNOWN, Figures
from joulegate.panel.page import Page


def power(figures: Figures, page: Page) -> bool:
    """Active power; below 0 it goes to the grid."""
    return _put(figures, page, figures.app.metering.reading.active_W, 1000, 3, "kW")


def voltage(figures: Figures, page: Page) -> bool:
    """The voltage, on three phases the highest, and all of them."""
    reading = figures.app.metering.reading
    _phases(page, reading.phase_voltage_cV, 100, 1)
    return _put(figures, page, reading.voltage_cV, 100, 1, "V")


def current(figures: Figures, page: Page) -> bool:
    """The current, on three phases the highest, and all of them."""
    reading = figures.app.metering.reading
    _phases(page, reading.phase_current_mA, 1000, 2)
    return _put(figures, page, reading.current_mA, 1000, 3, "A")


def power_factor(figures: Figures, page: Page) -> bool:
    """Active by apparent power."""
    return _put(figures, page, figures.app.metering.reading.power_factor_milli, 1000, 3, "")


def frequency(figures: Figures, page: Page) -> bool:
    return _put(figures, page, figures.app.metering.reading.frequency_cHz, 100, 2, "Hz")


def _put(
    figures: Figures, page: Page, value: int, denominator: int, places: int, unit: str
) -> bool:
    known = figures.app.metering.measured
    page.value = format_ratio(value, denominator, places) if known else UNKNOWN
    if unit:
        figures.put_unit(page, unit)
    return True


def _phases(page: Page, values: "list | None", denominator: int, places: int) -> None:
    if values is not None:
        page.detail[0] = " ".join([format_ratio(value, denominator, places) for value in values])
