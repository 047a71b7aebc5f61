// Keeps emulated time to a fixed share of real time, for a script with real peers: what they do
// goes by the computer's clock, so their delays are made longer by the same factor.
const MS_NANOS = 1e6;

export class Pace {
  // `rate`: emulated time to real time, below what the emulator can do when the chip is busy.
  constructor(pico, rate) {
    this.pico = pico;
    this.rate = rate;
    this.cell = new Int32Array(new SharedArrayBuffer(4));
    this.longestLagMs = 0;
    this.restart();
  }

  restart() {
    this.fromNanos = this.pico.nanos;
    this.began = performance.now();
  }

  // Wait until real time has come as far; what was lost once is not made up for.
  keep() {
    const emulated = (this.pico.nanos - this.fromNanos) / MS_NANOS;
    const ahead = emulated / this.rate - (performance.now() - this.began);
    if (ahead >= 1) {
      Atomics.wait(this.cell, 0, 0, ahead);
    } else if (ahead < 0) {
      this.longestLagMs = Math.max(this.longestLagMs, -ahead * this.rate);
      this.restart();
    }
  }
}
