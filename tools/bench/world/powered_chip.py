"""What the models of all metering ICs have alike: supply, reset, and a MISO that may stick."""


class PoweredChip:
    """A chip with a supply, and a time after each reset in which it does nothing yet.

    A model's `_reset` takes its registers back to their defaults and sets `_unready_ms`; its
    `_frames` receives what the SPI master sends.
    """

    _powered = False
    _unready_ms = 0
    _frames: object = None

    def power_on(self) -> None:
        """Begin with the supply just risen: all registers at their defaults."""
        self._powered = True
        self._reset()

    def power_off(self) -> None:
        """Lose the supply and with it every register."""
        self._reset()
        self._powered = False

    def reset_in_run(self) -> None:
        """Fault: the chip resets by itself, unseen by the master."""
        self._reset()

    def _reset(self) -> None:
        raise NotImplementedError

    @property
    def ready(self) -> bool:
        """Whether the chip is powered and has had its time since reset."""
        return self._powered and not self._unready_ms

    def _wait(self, ms: int) -> int:
        """Take from `ms` what the time after reset still needs; return what is left."""
        waited = min(ms, self._unready_ms)
        self._unready_ms -= waited
        return ms - waited

    @property
    def stuck_miso(self) -> int | None:
        """Fault: the level MISO is stuck at, 0 or 1, or None; the chip itself goes on."""
        return self._frames.stuck

    @stuck_miso.setter
    def stuck_miso(self, level: int | None) -> None:
        if level not in (None, 0, 1):
            raise ValueError("stuck_miso is %r: must be None, 0 or 1" % (level,))
        self._frames.stuck = level
