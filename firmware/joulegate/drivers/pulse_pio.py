"""One output pulse timed by a PIO state machine of the RP2040 or RP2350.

Once started it ends by itself whatever the processor does: a flash write, which stops both
cores, does not stop the PIO. The count has 15 bits, so no word put into the FIFO, not even a
wrong one, holds the line for more than 327.69 ms. Two things leave the line as it is in
mid-pulse: a soft reset, after which boot.py makes it low, and taking the machine off the pin.
The length holds while the system clock is what it was when the state machine was made.

Source: RP2040 data sheet, chapter 3 (PIO); MicroPython documentation of rp2.
"""
# ruff: noqa: F821 - the names in a PIO program are the assembler's

import rp2  # type: ignore[import-not-found] # the stubs are those of another port
from micropython import const

FREQUENCY_HZ = const(100000)
"""The state machine's frequency to make: 125 and 150 MHz divide by it without a fraction."""

_LOOPS_PER_MS = const(100)
_SET_PINS_0 = const(0xE000)
_OVERHEAD = const(2)  # of loops: the SET itself, and JMP's round with X at zero


@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def PROGRAM():  # type: ignore[no-untyped-def] # assembled, never called
    """Wait for a count, hold the pin high for so many cycles and two, then say so."""
    wrap_target()
    pull(block)
    out(x, 15)
    set(pins, 1)
    label("high")
    jmp(x_dec, "high")
    set(pins, 0)
    push(noblock)
    wrap()


class PioPulse:
    def __init__(self, state_machine: object) -> None:
        """state_machine: an active rp2.StateMachine of PROGRAM at FREQUENCY_HZ, set_base the
        output.
        """
        self._state_machine = state_machine
        self._running = False

    def pulse(self, ms: int) -> None:
        """Drive the output high for so many milliseconds, 1 to 200.

        Raises ValueError for another length, RuntimeError while a pulse is running: a second
        count in the FIFO would follow the first without a gap.
        """
        if not 1 <= ms <= 200:
            raise ValueError("pulse of %r ms: must be 1 to 200" % ms)
        if self.busy():
            raise RuntimeError("pulse: one is running, and a second would prolong it")
        self._running = True
        self._state_machine.put(ms * _LOOPS_PER_MS - _OVERHEAD)

    def busy(self) -> bool:
        """Return whether the pulse is still running."""
        if self._running and self._state_machine.rx_fifo():
            self._state_machine.get()
            self._running = False
        return self._running

    def off(self) -> None:
        """Drive the output low at once and for good: the state machine stands until a reset."""
        self._state_machine.active(0)
        self._state_machine.exec(_SET_PINS_0)
