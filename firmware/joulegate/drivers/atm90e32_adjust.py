"""Constants of an ATM90E32AS from readings against a reference, for the calibration bench.

Source: application note 46103A. Order, phase by phase: at Un, Ib and a power factor of one the
gains of voltage and current, from the registers; then from the same point what energy or power is
still wrong, the power gain; then at a power factor of 0.5 inductive the phase; at last, with
voltage and no current, the offset. Each step presupposes the one before in the chip.
"""

from micropython import const

_ONE = const(32768)
_MILLION = const(1000000)
# Delays of 2.048 MHz for an error of one at power factor 0.5, times 1000.
_PHI = {50: 3763739, 60: 3136449}
_PHI_MAX = const(255)
_PHI_VOLTAGE = const(0x8000)


def gain(old: int, reference: int, read: int) -> int:
    """Return the gain of voltage or current: reference and read in the same unit."""
    if read <= 0:
        raise ValueError("calibration: read %r: nothing is connected" % (read,))
    new = (2 * old * reference // read + 1) // 2
    if not 1 <= new <= 0xFFFF:
        raise ValueError("calibration: gain %d: must be 1 to 65535; read %d for %d" % (
            new, read, reference))
    return new


def power_gain(error_ppm: int) -> int:
    """Return p_gain for an error of power at power factor one, in millionths, gain 0 before."""
    new = _rounded(-error_ppm * _ONE, _MILLION + error_ppm)
    if not -_ONE <= new < _ONE:
        raise ValueError("calibration: error %d ppm: the power gain cannot mend it" % error_ppm)
    return new


def phase(error_ppm: int, frequency_Hz: int = 50) -> int:
    """Return phi for an error of power at power factor 0.5 inductive, in millionths."""
    delay = _rounded(abs(error_ppm) * _PHI[frequency_Hz], 1000 * _MILLION)
    if delay > _PHI_MAX:
        raise ValueError("calibration: error %d ppm: the phase can mend %d at most" % (
            error_ppm, _PHI_MAX * 1000 * _MILLION // _PHI[frequency_Hz]))
    return delay | (_PHI_VOLTAGE if error_ppm < 0 and delay else 0)


def power_offset(raw: int) -> int:
    """Return p_offset for a mean of the 32-bit power, in 0.00032 W, at no load."""
    if not -0x7FFF <= raw <= 0x8000:
        raise ValueError("calibration: %d at no load: an offset mends 32767 at most" % raw)
    return -raw


def _rounded(value: int, by: int) -> int:
    return (2 * value + by) // (2 * by)
