// The emulated meter in its world: chip, models, serial line and stopwatch, wired.
// The modem's line is UART 0, as on every Pico (boards/common/pins_rp2.py).
import { Pico } from "../silicon/pico.mjs";
import { driveInputs, wireMeteringIc, wireRelay } from "../world/wires.mjs";
import { World } from "../world/world.mjs";
import { Line } from "./line.mjs";
import { RawRepl } from "./raw-repl.mjs";
import { Stopwatch } from "./stopwatch.mjs";

const MODEM_UART = 0;

export class Bed {
  // `start`: Unix second of the first power-on. `onSerial(bytes)` is told of all output,
  // `onModem(byte)` of every byte to the modem.
  static async make({
    image, bootrom, start, closed, onSerial = () => {}, onModem = () => {},
  }) {
    const bed = new Bed(image, bootrom, onSerial, onModem);
    bed.world = await World.start({ start, closed, now: () => bed.pico.nanos });
    return bed;
  }

  constructor(image, bootrom, onSerial, onModem) {
    this.onModem = onModem;
    this.faults = new Set();
    this.coils = []; // { closing, fromMs, ms } of every pulse
    this.starts = []; // instants of power-on and reset, in ms
    this.pico = new Pico({
      image,
      bootrom,
      wire: () => this.#wire(),
      onData: (bytes) => {
        this.line.take(bytes);
        onSerial(bytes);
      },
      onReset: () => this.starts.push(this.pico.milliseconds),
    });
    this.line = new Line(this.pico);
    this.repl = new RawRepl(this.line);
    this.stopwatch = new Stopwatch(this.pico);
  }

  #wire() {
    const { pico, world, stopwatch } = this;
    stopwatch.restart();
    wireMeteringIc(pico, world, {
      frame: () => stopwatch.frame(),
      byte: (value, nanos) => stopwatch.byte(value, nanos),
      fault: (text) => this.faults.add(text),
    });
    wireRelay(pico, world);
    driveInputs(pico, world);
    pico.mcu.uart[MODEM_UART].onByte = this.onModem;
    this.#timePulses(world.pins.RELAY_CLOSE, true);
    this.#timePulses(world.pins.RELAY_OPEN, false);
  }

  #timePulses(pin, closing) {
    let since = null;
    this.pico.mcu.gpio[pin].addListener((level) => {
      if (level === 1) since = this.pico.milliseconds;
      else if (since !== null) {
        this.coils.push({ closing, fromMs: since, ms: this.pico.milliseconds - since });
        since = null;
      }
    });
  }

  powerOn() {
    this.world.supply(true);
    this.pico.powerOn();
  }

  // The chip has lost its supply, or loses it now.
  powerOff() {
    this.pico.powerOff();
    this.world.supply(false);
  }

  // Let time pass without supply.
  stayOff(ms) {
    this.pico.stayOff(ms * 1e6);
    this.world.catchUp();
  }

  // Bytes from the modem; what comes while the chip is off is lost.
  fromModem(bytes) {
    if (!this.pico.powered) return;
    for (const byte of bytes) this.pico.mcu.uart[MODEM_UART].feedByte(byte);
  }

  setMains(on) {
    this.world.setMains(on);
    driveInputs(this.pico, this.world);
  }
}
