"""machine.Pin of the BENCH board; constants and rules are those of the rp2 port.

A pin is a handle on a net of the board's netlist, which keeps the level up to date: reading is
one attribute, writing the same level again costs nothing more.
"""

from umachine import PinBase

from world import wiring

_masked = False
_held = []  # (pin, handler, edge) that came while interrupts were disabled


class Pin(PinBase):
    """Pin(id, mode, pull, *, value). Without arguments the pin is left as it is."""

    IN = wiring.MODE_IN
    OUT = wiring.MODE_OUT
    OPEN_DRAIN = wiring.MODE_OPEN_DRAIN
    PULL_UP = wiring.PULL_UP
    PULL_DOWN = wiring.PULL_DOWN
    IRQ_FALLING = 4
    IRQ_RISING = 8

    def __init__(self, id: object, mode: int | None = None, pull: int | None = None, *,
                 value: object = None) -> None:
        self._net = id._net if isinstance(id, Pin) else wiring.net(id)
        if mode is not None or pull is not None or value is not None:
            self.init(mode, pull, value=value)

    def init(self, mode: int | None = None, pull: int | None = None, *,
             value: object = None) -> None:
        """Set the pin up anew and take it back from a peripheral. No pull means none."""
        if mode not in (None, Pin.IN, Pin.OUT, Pin.OPEN_DRAIN):
            raise ValueError("invalid mode %r of pin %d" % (mode, self._net.id))
        if pull not in (None, 0, Pin.PULL_UP, Pin.PULL_DOWN, Pin.PULL_UP | Pin.PULL_DOWN):
            raise ValueError("invalid pull %r of pin %d" % (pull, self._net.id))
        net = self._net
        if mode is not None:
            net.mode = mode
            net.claimed = None
            if value is None and mode == Pin.OPEN_DRAIN:
                value = 1
        if value is not None and mode in (Pin.OUT, Pin.OPEN_DRAIN):
            net.latch = 1 if value else 0
        net.pull = pull or 0
        net.settle()

    def __call__(self, value: object = None) -> int | None:
        net = self._net
        if value is None:
            return net.level
        value = 1 if value else 0
        if net.latch != value:
            net.latch = value
            net.settle()

    def value(self, value: object = None) -> int | None:
        """Read the level, or set the output to a truth value."""
        if value is None:
            return self._net.level
        self(value)

    def on(self) -> None:
        self(1)

    def off(self) -> None:
        self(0)

    high = on
    low = off

    def toggle(self) -> None:
        self(not self._net.latch)

    def irq(self, handler: object = None, trigger: int = IRQ_FALLING | IRQ_RISING,
            hard: bool = False) -> object:
        """Call `handler(pin)` at the edges in `trigger`; None stops it.

        Hard or soft, it runs when the world makes the edge: between two bytecodes at most.
        """
        if trigger & ~(Pin.IRQ_FALLING | Pin.IRQ_RISING) or not trigger:
            raise ValueError("invalid trigger %r of pin %d" % (trigger, self._net.id))
        request = _Request(self, handler, trigger)
        self._net.edge = request.edge if handler else None
        return request

    def __repr__(self) -> str:
        net = self._net
        text = "Pin(GPIO%d, mode=%s" % (net.id, ("IN", "OUT", "OPEN_DRAIN")[net.mode])
        if net.claimed is not None:
            text = "Pin(GPIO%d, mode=ALT" % net.id
        pull = ("", "PULL_UP", "PULL_DOWN", "PULL_UP|PULL_DOWN")[net.pull]
        return text + (", pull=" + pull if pull else "") + ")"


class _Request:
    """What Pin.irq returns: the edges that led to the call, and the trigger."""

    def __init__(self, pin: Pin, handler: object, trigger: int) -> None:
        self._pin = pin
        self._handler = handler
        self._trigger = trigger
        self._flags = 0

    def flags(self) -> int:
        return self._flags

    def trigger(self) -> int:
        return self._trigger

    def edge(self, level: int) -> None:
        flag = Pin.IRQ_RISING if level else Pin.IRQ_FALLING
        if not self._trigger & flag:
            return
        if _masked:
            # As in the chip: one pending bit, however many edges come.
            self._flags |= flag
            if self not in _held:
                _held.append(self)
        else:
            self._flags = flag
            self._handler(self._pin)

    def deliver(self) -> None:
        self._handler(self._pin)


def disable_irq() -> bool:
    """Hold interrupts back; returns the state for `enable_irq`."""
    global _masked
    state = not _masked
    _masked = True
    return state


def enable_irq(state: bool) -> None:
    """Let interrupts through again (if they were), those held back first."""
    global _masked
    _masked = not state
    while _held and not _masked:
        _held.pop(0).deliver()


def _restart() -> None:
    global _masked
    _masked = False
    _held.clear()


wiring.on_restart(_restart)
