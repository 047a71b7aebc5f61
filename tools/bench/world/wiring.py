"""Netlist of the bench board: what is soldered to which pin and bus of the simulated chip.

The world wires its models here; the board's `machine` module looks them up here. Neither knows
the other. What is wired stays wired over a reset; what the firmware set up does not.
"""

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5

PIN_COUNT = 48
PULL_UP = 1
PULL_DOWN = 2
MODE_IN = 0
MODE_OUT = 1
MODE_OPEN_DRAIN = 2

nets = {}
reset_cause = PWRON_RESET
unique_id = b"\x4a\x47BENCH\x01"
_spi = {}
_i2c = {}
_uart = {}
_adc = {}
_reset_hooks = []
_restart_hooks = []


class Reset(BaseException):
    """The chip was reset; `cause` is a machine reset cause. For the launcher, not for firmware:
    it passes every `except Exception`."""

    def __init__(self, cause: int) -> None:
        super().__init__(cause)
        self.cause = cause


class Net:
    """One pin of the chip and what is on its wire. `level` is always what both ends see."""

    def __init__(self, pin_id: int) -> None:
        self.id = pin_id
        self.level = 0
        self.latch = 0
        self.mode = MODE_IN
        self.pull = 0
        self.claimed = None  # level of a peripheral that has taken the pin over
        self.driven = None  # level the world drives
        self.open_level = 0  # by the board's own resistor
        self.listener = None
        self.edge = None  # interrupt input: called with the new level

    def settle(self) -> None:
        """Work out the level anew; tell the wired part and the interrupt when it changed."""
        mode = self.mode
        if self.claimed is not None:
            level = self.claimed
        elif mode == MODE_OUT:
            level = self.latch
        elif mode == MODE_OPEN_DRAIN and not self.latch:
            level = 0
        elif self.driven is not None:
            level = self.driven
        elif self.pull:
            level = self.pull & PULL_UP
        else:
            level = self.open_level
        if level != self.level:
            self.level = level
            if self.listener:
                self.listener(level)
            if self.edge:
                self.edge(level)

    def restart(self) -> None:
        """As the chip comes out of reset: an input without pull or interrupt."""
        self.edge = self.claimed = None
        self.mode = MODE_IN
        self.pull = self.latch = 0
        self.settle()


class Bus:
    """Place on a bus for one device, wired before or after the bus is set up."""

    def __init__(self, device: object) -> None:
        self.device = device


class OpenLine:
    """An SPI bus with nothing on it: MISO is held high by its pull-up."""

    def exchange(self, tx: bytes, rx: bytearray) -> None:
        for i in range(len(rx)):
            rx[i] = 0xFF


def net(pin_id: int) -> Net:
    """Return the wire of a pin, 0 to 47. ValueError for another id."""
    found = nets.get(pin_id)
    if found is None:
        if not isinstance(pin_id, int) or not 0 <= pin_id < PIN_COUNT:
            raise ValueError("invalid pin %r: the bench has 0 to %d" % (pin_id, PIN_COUNT - 1))
        found = nets[pin_id] = Net(pin_id)
    return found


def wire_pin(pin_id: int, listener: object = None, open_level: int = 0) -> None:
    """Call `listener(level)` at each change of the pin from now on; several may listen.

    `open_level` is what the board's own resistor makes of the wire when nobody drives it.
    """
    wire = net(pin_id)
    wire.open_level = 1 if open_level else 0
    wire.settle()
    if wire.listener and listener:
        listener = _both(wire.listener, listener)
    wire.listener = listener or wire.listener


def drive_pin(pin_id: int, level: int | None) -> None:
    """Let the world drive an input to 0 or 1, or let go of it with None."""
    if level not in (0, 1, None):
        raise ValueError("level of pin %r is %r: must be 0, 1 or None" % (pin_id, level))
    wire = net(pin_id)
    wire.driven = level
    wire.settle()


def spi_bus(bus: int) -> Bus:
    """Return the place on SPI `bus`."""
    if bus not in _spi:
        _spi[bus] = Bus(OpenLine())
    return _spi[bus]


def wire_spi(bus: int, device: object) -> None:
    """Put a device on SPI `bus`: it answers with `exchange(tx, rx)`, selected by its own pin.

    If it has `bus_format(baudrate, polarity, phase)` it is told how the master clocks it.
    """
    spi_bus(bus).device = device


def wire_i2c(bus: int, address: int, device: object) -> None:
    """Put a device at a 7-bit address. It has `write(data)`, which returns the number of bytes
    acknowledged or None for all, and `readinto(buf)`; either may raise OSError."""
    if not 0x08 <= address <= 0x77:
        raise ValueError("I2C address is %r: must be 0x08 to 0x77" % (address,))
    _i2c[bus, address] = device


def i2c_device(bus: int, address: int) -> object | None:
    """Return who answers at an address of an I2C bus, if anybody."""
    return _i2c.get((bus, address))


def wire_uart(uart: int, device_or_path: object) -> None:
    """Put a tty on a UART (its path), or a model with `any()`, `read(n)` and `write(data)`."""
    _uart[uart] = device_or_path


def uart_end(uart: int) -> object | None:
    """Return what is wired to a UART: a path, a model, or None for nothing."""
    return _uart.get(uart)


def wire_adc(pin_id: int, source: object) -> None:
    """Give an analogue pin a level, 0 to 65535, or a function that returns it."""
    _adc[pin_id] = source


def adc_level(pin_id: int) -> int:
    """Return the level at an analogue pin, 0 when nothing is wired; ends of the range clip."""
    source = _adc.get(pin_id, 0)
    return min(65535, max(0, source() if callable(source) else source))


def on_reset(hook: object) -> None:
    """Call `hook(cause)` when the chip is reset, before `Reset` is raised."""
    _reset_hooks.append(hook)


def on_restart(hook: object) -> None:
    """Call `hook()` when the chip starts again: a peripheral drops what it was doing."""
    _restart_hooks.append(hook)


def reset(cause: int) -> None:
    """Reset the chip: remember the cause, tell the world, raise `Reset`."""
    global reset_cause
    reset_cause = cause
    for hook in _reset_hooks:
        hook(cause)
    raise Reset(cause)


def restart(cause: int | None = None) -> None:
    """Bring the chip's own state to that after a reset, before firmware runs (again).

    The launcher calls it once it has caught `Reset`, or with PWRON_RESET after a power cut.
    """
    global reset_cause
    if cause is not None:
        reset_cause = cause
    for hook in _restart_hooks:
        hook()
    for wire in nets.values():
        wire.restart()


def clear() -> None:
    """Take everything off the board and start the chip from power-on: for tests."""
    restart(PWRON_RESET)
    for table in (nets, _spi, _i2c, _uart, _adc):
        table.clear()
    _reset_hooks.clear()


def _both(first: object, second: object) -> object:
    def listener(level: int) -> None:
        first(level)
        second(level)
    return listener
