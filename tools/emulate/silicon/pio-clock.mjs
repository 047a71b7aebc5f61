// Steps the PIO state machines of rp2040js in time with the emulated clock.
// Source: RP2040 data sheet, 3.5.5 (clock dividers) and 3.2 (delay cycles).
//
// rp2040js runs its PIO from a host timer, as fast as it can and beside the clock: a pulse would
// have any length. Here each enabled machine takes a step when its divider says so. A machine
// that waits for its FIFO costs nothing.
const TX_FIFO_WAIT = 3;
const RX_FIFO_WAIT = 2;

class PioClock {
  constructor(mcu, pio) {
    this.mcu = mcu;
    this.pio = pio;
    this.due = new Array(pio.machines.length).fill(Infinity);
    this.alarm = mcu.clock.createAlarm(() => this.#step());
    pio.run = () => {};
    const write = pio.writeUint32.bind(pio);
    pio.writeUint32 = (offset, value) => {
      write(offset, value);
      pio.checkChangedPins();
      this.#wake();
    };
    const read = pio.readUint32.bind(pio);
    pio.readUint32 = (offset) => {
      const value = read(offset);
      this.#wake(); // a word taken from a FIFO may let its machine go on
      return value;
    };
  }

  #cycleNanos(machine) {
    const divider = (machine.clockDivInt || 65536) + machine.clockDivFrac / 256;
    return (divider * 1e9) / this.mcu.clkSys;
  }

  #stalled(machine) {
    const { waiting, waitType } = machine;
    return waiting && (waitType === TX_FIFO_WAIT || waitType === RX_FIFO_WAIT);
  }

  #wake() {
    const now = this.mcu.clock.nanos;
    let changed = false;
    this.pio.machines.forEach((machine, i) => {
      const runs = machine.enabled && !this.#stalled(machine);
      if (runs && this.due[i] === Infinity) {
        this.due[i] = now + this.#cycleNanos(machine);
        changed = true;
      } else if (!runs && this.due[i] !== Infinity) {
        this.due[i] = Infinity;
        changed = true;
      }
    });
    if (changed) this.#schedule();
  }

  #schedule() {
    this.alarm.cancel();
    const next = Math.min(...this.due);
    if (next !== Infinity) this.alarm.schedule(next - this.mcu.clock.nanos);
  }

  #step() {
    const now = this.mcu.clock.nanos;
    this.pio.machines.forEach((machine, i) => {
      if (this.due[i] > now) return;
      const before = machine.cycles;
      machine.step();
      const cycles = Math.max(1, machine.cycles - before);
      this.due[i] = this.#stalled(machine) ? Infinity : now + cycles * this.#cycleNanos(machine);
    });
    this.pio.checkChangedPins();
    this.#wake();
    this.#schedule();
  }
}

export function clockPio(mcu) {
  return mcu.pio.map((pio) => new PioClock(mcu, pio));
}
