// The world of meter_world.py under a JavaScript name, led by an emulated clock.
import { startMicroPython } from "./micropython.mjs";

const FOLDERS = [
  ["tools/bench/world", "world"],
  ["tools/emulate/world", ""],
  ["boards/common", ""],
  ["boards/METER_RP2040", ""],
];

export const LOAD_SIDE = 1;
export const POWER_GOOD = 2;
export const COVER = 4;

export class World {
  // `start`: Unix second at emulated time 0. `now()`: emulated nanoseconds.
  static async start({ start, closed, now }) {
    const mp = await startMicroPython(FOLDERS);
    mp.runPython(
      `from meter_world import MeterWorld\n_world = MeterWorld(${start}, ${closed ? "True" : "False"})`,
    );
    return new World(mp.globals.get("_world"), now);
  }

  constructor(python, now) {
    this.now = now;
    this.reachedUs = 0;
    this.python = python;
    this.pins = JSON.parse(python.pins());
    // Bound once: each look-up makes a proxy.
    for (const name of ["pass_time", "select", "exchange", "coil", "inputs", "settle", "pause"]) {
      this[`_${name}`] = python[name];
    }
  }

  // Bring the world to the chip's present; returns nanoseconds until the contact moves, or null.
  catchUp() {
    const us = Math.floor(this.now() / 1000);
    const next = this._pass_time(us - this.reachedUs);
    this.reachedUs = us;
    return next < 0 ? null : next * 1000;
  }

  settle() {
    this.catchUp();
    this._settle();
  }

  select(level) {
    this.catchUp();
    this._select(level);
  }

  exchange(byte) {
    return this._exchange(byte);
  }

  pause(ms) {
    this._pause(ms);
  }

  coil(closing, level) {
    this.catchUp();
    const next = this._coil(closing, level);
    return next < 0 ? null : next * 1000;
  }

  get inputs() {
    return this._inputs();
  }

  setMains(on) {
    this.catchUp();
    this.python.set_mains(on);
  }

  setCover(closed) {
    this.python.set_cover(closed);
  }

  // Draw so many watts at so many volts from now on.
  setLoad(volts, watts) {
    this.catchUp();
    this.python.set_load(Math.round(volts * 100), watts);
  }

  supply(on) {
    this.catchUp();
    this.python.supply(on);
  }

  state() {
    this.catchUp();
    const state = JSON.parse(this.python.state());
    state.moves = state.moves.map(([us, closed]) => ({ ms: us / 1000, closed }));
    return state;
  }
}
