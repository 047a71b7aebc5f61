"""A water or gas meter with a reed contact to ground, as the wire of a pulse input sees it."""

from world import bench_clock, wiring

BOUNCES = 3
_BOUNCE_US = 700
_CLOSED_US = 100000
_OPEN_US = 100000


def give(pin: int, pulses: int) -> None:
    """Let so much through that the contact closes so often, bouncing, in virtual time."""
    for _ in range(pulses):
        _move(pin, 0, _CLOSED_US)
        _move(pin, None, _OPEN_US)


def _move(pin: int, level: int | None, then_us: int) -> None:
    for _ in range(BOUNCES):
        wiring.drive_pin(pin, level)
        bench_clock.advance_us(_BOUNCE_US)
        wiring.drive_pin(pin, None if level == 0 else 0)
        bench_clock.advance_us(_BOUNCE_US)
    wiring.drive_pin(pin, level)
    bench_clock.advance_us(then_us)
