"""All energy registers as they are told: the two quadrants that are derived among them.

Apart from the registers, since they are seldom asked for, and a module takes memory.
"""

from joulegate.core.reading import REACTIVE_EXPORT, REACTIVE_IMPORT
from joulegate.core.registers import APPARENT_IMPORT, QUADRANT_2, QUADRANT_3, Registers


def everything(registers: Registers) -> list:
    """Return +A, -A, +R, -R, QI, QII, QIII, QIV, +VA and -VA in Wh, varh and VAh."""
    wh = list(registers.wh)
    return wh[:QUADRANT_2] + [
        _rest(registers, REACTIVE_IMPORT, QUADRANT_2), wh[QUADRANT_2], wh[QUADRANT_3],
        _rest(registers, REACTIVE_EXPORT, QUADRANT_3)] + wh[APPARENT_IMPORT:]


def _rest(registers: Registers, whole: int, part: int) -> int:
    """Return what is left of a register without a part of it, rounded down."""
    borrowed = 1 if registers.remainder[whole] < registers.remainder[part] else 0
    rest: int = registers.wh[whole] - registers.wh[part] - borrowed
    return rest
