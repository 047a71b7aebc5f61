"""The bench's world round a meter on another processor: its models, led by a clock from outside.

Runs on the WebAssembly port of MicroPython beside the emulated chip. Whoever leads it says how
much time has passed (`pass_time`), hands over what happens on pins and bus at that instant, and
reads the inputs back (`inputs`). Nothing of a model is written twice: these are the models of
tools/bench/world, wired as the bench's own bed wires them.
"""

import json

import pins
from world import bench_clock
from world.atm90e26_model import Atm90e26Model
from world.load_file import Piece
from world.premises import Premises
from world.relay_model import RelayModel

SHUNT_UV_PER_A = 200
DIVIDER_UV_PER_V = 1250
AP_ENERGY = 0x40
PIECE_S = 60

LOAD_SIDE = 1
POWER_GOOD = 2
COVER = 4


class ScriptedLoad:
    """A load that the script of a run sets; `start` and `pieces` are those of a LoadFile."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.piece = Piece(PIECE_S, 23000, 0, 0, 0)

    def set(self, voltage_cV: int, active_W: int) -> None:
        """Draw so many watts (negative: export) at so much voltage, at power factor 1."""
        piece = Piece(
            PIECE_S, voltage_cV, abs(active_W) * 100000 // voltage_cV, active_W * 1000, 0)
        piece.check()
        # The premises hold on to the one piece: a change of it needs no turn to wait for.
        for name in ("voltage_cV", "current_mA", "active_mW"):
            setattr(self.piece, name, getattr(piece, name))

    def pieces(self) -> object:
        """Yield the load of the moment, for ever."""
        while True:
            yield self.piece


class MeasuredPremises(Premises):
    """Premises that keep account of the energy by power and time alone, beside the IC's model."""

    def __init__(self, ic: object, relay: object, load: object) -> None:
        self.drawn_mJ = 0
        self._power_mW = 0
        self._measured_ms = None
        super().__init__(ic, relay, load)

    def apply(self) -> None:
        """Settle what flowed at the old power before the new one goes on the IC."""
        self.settle()
        super().apply()
        flows = self._piece is not None and self.delivering
        self._power_mW = self._piece.active_mW if flows else 0

    def settle(self) -> int:
        """Return the mJ drawn until the instant metered last."""
        if self._measured_ms is not None:
            self.drawn_mJ += self._power_mW * (self._at_ms - self._measured_ms) // 1000
        self._measured_ms = self._at_ms
        return self.drawn_mJ


class MeterWorld:
    def __init__(self, start: int, closed: bool) -> None:
        """start: Unix second of power-on; closed: how the relay was delivered."""
        bench_clock.set_mode(bench_clock.VIRTUAL)
        bench_clock.start(start)
        self.ic = Atm90e26Model(
            shunt_uV_per_A=SHUNT_UV_PER_A, divider_uV_per_V=DIVIDER_UV_PER_V)
        self.relay = RelayModel(bench_clock.now_us, closed=closed)
        self.load = ScriptedLoad(start)
        self.premises = MeasuredPremises(self.ic, self.relay, self.load)
        self.relay.on_change(self._contact_changed)
        self.moves = []
        self._cover = True
        self._tx = bytearray(1)
        self._rx = bytearray(1)
        self.premises.apply()

    def pins(self) -> str:
        """Return the board's pin numbers by name, as JSON."""
        return json.dumps({
            name: value for name, value in pins.__dict__.items() if isinstance(value, int)})

    def pass_time(self, us: int) -> int:
        """Let time pass; return the microseconds until the contact moves, -1 for no move."""
        bench_clock.advance_us(us)
        return self.next_move()

    def next_move(self) -> int:
        """Return the microseconds until the contact moves if the coils stay, -1 for no move."""
        due = self.relay.next_change_us
        return -1 if due is None else max(0, due - bench_clock.now_us())

    def settle(self) -> None:
        """Let the contact move whose instant has come."""
        self.relay.settle()

    def _contact_changed(self, closed: bool, at_us: int) -> None:
        self.premises.contact_changed()
        self.moves.append((at_us, closed))

    def select(self, level: int) -> None:
        """Drive the metering IC's chip select."""
        if not level:
            self.premises.catch_up()
        self.ic.cs(level)

    def exchange(self, byte: int) -> int:
        """Clock a byte into the metering IC; return the byte that came out."""
        self._tx[0] = byte
        self.ic.exchange(self._tx, self._rx)
        return self._rx[0]

    def pause(self, ms: int) -> None:
        """Tell the metering IC of a gap between two bytes of a frame."""
        self.ic.pause(ms)

    def coil(self, closing: bool, level: int) -> int:
        """Switch a coil; return as next_move."""
        if closing:
            self.relay.set_coil(level)
        else:
            self.relay.reset_coil(level)
        return self.next_move()

    def inputs(self) -> int:
        """Return the board's inputs, LOAD_SIDE, POWER_GOOD and COVER or-ed."""
        return (LOAD_SIDE * self.premises.delivering | POWER_GOOD * self.premises.mains
                | COVER * self._cover)

    def set_mains(self, on: bool) -> None:
        """Switch the mains; the meter's hold-up capacitor is the caller's business."""
        self.premises.set_mains(on)
        self.relay.mains_on = on

    def set_cover(self, closed: bool) -> None:
        self._cover = closed

    def set_load(self, voltage_cV: int, active_W: int) -> None:
        """Draw so many watts at so much voltage from now on; see ScriptedLoad.set."""
        self.premises.catch_up()
        self.load.set(voltage_cV, active_W)
        self.premises.apply()

    def supply(self, on: bool) -> None:
        """Switch the supply of the meter's electronics: the metering IC's and the coils'."""
        self.premises.catch_up()
        if on:
            self.ic.power_on()
            self.premises.apply()
        else:
            self.ic.power_off()
            self.relay.power_off()

    def state(self) -> str:
        """Return what the world knows, as JSON: the contact, its moves as (us, closed), coil
        pulses and their faults, counts that the IC made and mJ that were drawn."""
        self.premises.catch_up()
        relay = self.relay
        return json.dumps({
            "closed": relay.closed, "moves": self.moves, "pulses": relay.pulses,
            "short_pulses": relay.short_pulses, "both_coils": relay.both_coils,
            "overheated": len(relay.overheated), "counts": self.ic.emitted[AP_ENERGY],
            "drawn_mJ": self.premises.settle()})
