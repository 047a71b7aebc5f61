"""Power saving mode: 3GPP 24.008 10.5.7.3, 10.5.7.4a; the timers that AT+CPSMS= asks for."""

_ACTIVE_S = {0: 2, 1: 60, 2: 360}
_PERIODIC_S = {0: 600, 1: 3600, 2: 36000, 3: 2, 4: 30, 5: 60, 6: 1152000}


def _seconds(bits: str, units: dict[int, int]) -> float | None:
    """Seconds of an 8-bit timer; None for one that is off; ValueError."""
    if len(bits) != 8 or set(bits) - {"0", "1"}:
        raise ValueError(f"timer {bits!r}: must be 8 bits")
    unit = units.get(int(bits[:3], 2))
    return None if unit is None else float(unit * int(bits[3:], 2))


class Psm:
    """Sleeps after Active-Time without traffic, wakes after Periodic-TAU. Off until asked for."""

    def __init__(self) -> None:
        self.asleep = False
        self._active_s: float | None = None
        self._periodic_s: float | None = None
        self._since = 0.0

    def ask(self, periodic: str, active: str) -> None:
        """Ask for it by T3412 and T3324 as bits; ValueError changes nothing."""
        periodic_s, active_s = _seconds(periodic, _PERIODIC_S), _seconds(active, _ACTIVE_S)
        self._periodic_s, self._active_s = periodic_s, active_s

    def refuse(self) -> None:
        """No power saving."""
        self._active_s = None

    def active(self, now: float) -> None:
        """There is traffic."""
        if not self.asleep:
            self._since = now

    def due(self, now: float, registered: bool) -> bool:
        """Whether it is time to sleep."""
        return bool(
            not self.asleep and registered and self._active_s is not None
            and now - self._since >= self._active_s)

    def enter(self, now: float) -> None:
        """Sleep."""
        self.asleep, self._since = True, now

    def over(self, now: float) -> bool:
        """Whether it is time to wake."""
        return bool(
            self.asleep and self._periodic_s is not None
            and now - self._since >= self._periodic_s)

    def leave(self, now: float) -> None:
        """Wake."""
        self.asleep, self._since = False, now
