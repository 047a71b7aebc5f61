"""A stand-in for `rp2`: assembles a PIO program, and runs it cycle by cycle.

It knows the instructions that the firmware's programs use, as the RP2040 data sheet describes
them (section 3.4): each takes one cycle, PULL waits for a word, JMP X-- tests before it counts.
"""

SYSTEM_HZ = 125000000

_LABELS = ("pins", "x", "block", "noblock", "x_dec")


class PIO:
    OUT_LOW = 2
    OUT_HIGH = 3
    SHIFT_LEFT = 0
    SHIFT_RIGHT = 1


class Program:
    """What asm_pio made: `code`, a list of (instruction, operand...), and its settings."""

    def __init__(self, settings):
        self.settings = settings
        self.code = []
        self.labels = {}
        self.wrap_at = None
        self.wrap_to = 0


def asm_pio(**settings):
    def assemble(function):
        program = Program(settings)
        space = {name: name for name in _LABELS}
        for name in ("pull", "out", "set", "jmp", "push"):
            space[name] = _emitter(program, name)
        space["label"] = lambda name: program.labels.update({name: len(program.code)})
        space["wrap_target"] = lambda: setattr(program, "wrap_to", len(program.code))
        space["wrap"] = lambda: setattr(program, "wrap_at", len(program.code))
        names = function.__globals__
        kept = names.copy()
        names.update(space)
        function()
        for name in space:
            names.pop(name)
        names.update(kept)
        return program

    return assemble


def _emitter(program, name):
    return lambda *operands: program.code.append((name,) + operands)


class StateMachine:
    """`levels` are (cycle, level) at each change of the pin; `run(cycles)` lets time pass."""

    made = []

    def __init__(self, number, program, freq, set_base):
        assert SYSTEM_HZ % freq == 0, "clock divider with a fraction"
        assert program.settings["set_init"] == PIO.OUT_LOW
        assert program.settings["out_shiftdir"] == PIO.SHIFT_RIGHT
        self.number = number
        self.freq = freq
        self.pin = set_base
        self.cycle = 0
        self.levels = [(0, 0)]
        self._program = program
        self._enabled = False
        self._tx = []
        self._rx = []
        self._at = 0
        self._osr = self._x = 0
        StateMachine.made.append(self)

    def active(self, value):
        self._enabled = bool(value)

    def exec(self, code):
        """Execute one instruction at once, also while the machine stands."""
        assert code == 0xE000, "only SET PINS, 0 is known"
        if self.levels[-1][1]:
            self.levels.append((self.cycle, 0))

    def put(self, word):
        assert len(self._tx) < 4, "put would wait"
        self._tx.append(word & 0xFFFFFFFF)

    def rx_fifo(self):
        return len(self._rx)

    def get(self):
        return self._rx.pop(0)

    def run(self, cycles):
        for _ in range(cycles):
            if self._enabled:
                self._step()
            self.cycle += 1

    def _step(self):
        instruction = self._program.code[self._at]
        step = getattr(self, "_" + instruction[0])
        following = step(*instruction[1:])
        if following is None:
            following = self._at + 1
        self._at = self._program.wrap_to if following == self._program.wrap_at else following

    def _pull(self, block):
        assert block == "block"
        if not self._tx:
            return self._at
        self._osr = self._tx.pop(0)
        return None

    def _out(self, destination, bits):
        assert destination == "x"
        self._x = self._osr & ((1 << bits) - 1)

    def _set(self, destination, level):
        assert destination == "pins"
        self.levels.append((self.cycle, level))

    def _jmp(self, condition, label):
        assert condition == "x_dec"
        jumps = self._x != 0
        self._x = (self._x - 1) & 0xFFFFFFFF
        return self._program.labels[label] if jumps else None

    def _push(self, block):
        assert block == "noblock"
        if len(self._rx) < 4:
            self._rx.append(0)
