// Times the meter's ticks from outside, by what the emulator knows: when the processor is awake,
// and when the metering IC's bus is shifting.
//
// A tick reads the voltage of the metering IC once: that is how one is told. Its time is that
// from waking up to going back to sleep, scheduler and all, so nothing that a tick costs is left
// out; what is left of it without the shifting of SPI 0 is computing.
const READ_VOLTAGE = 0x80 | 0x49;

export class Stopwatch {
  constructor(pico) {
    this.pico = pico;
    this.ticks = [];
    this.restart();
    pico.onSleep = () => this.#sleeps();
  }

  // After a reset: no tick was under way.
  restart() {
    this.shifting = 0;
    this.frames = 0;
    this.place = 0;
    this.readAt = null;
    this.since = null;
  }

  frame() {
    this.place = 0;
    this.frames += 1;
    if (this.since === null) this.since = this.pico.nanos;
  }

  byte(value, nanos) {
    this.shifting += nanos;
    if (this.place === 0 && value === READ_VOLTAGE) this.readAt = this.pico.nanos;
    this.place += 1;
  }

  #sleeps() {
    if (this.readAt !== null) {
      const { programs, erases } = this.pico.flashOperations;
      this.ticks.push({
        atMs: this.readAt / 1e6,
        totalMs: (this.pico.nanos - this.pico.awakeSince) / 1e6,
        spiMs: this.shifting / 1e6,
        frames: this.frames,
        programs,
        erases,
      });
    }
    this.restart();
  }

  // Figures of the ticks after `fromMs` until `toMs` that wrote nothing to flash.
  steady(fromMs, toMs) {
    const ticks = this.ticks.filter((tick, i) => {
      const before = this.ticks[i - 1] ?? tick;
      const wrote = tick.programs !== before.programs || tick.erases !== before.erases;
      return tick.atMs >= fromMs && tick.atMs < toMs && !wrote;
    });
    const computing = ticks.map((tick) => tick.totalMs - tick.spiMs);
    const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
    return {
      ticks: ticks.length,
      frames: Math.max(...ticks.map((tick) => tick.frames)),
      mean_ms: mean(ticks.map((tick) => tick.totalMs)),
      spi_ms: mean(ticks.map((tick) => tick.spiMs)),
      computing_ms: mean(computing),
      computing_longest_ms: Math.max(...computing),
    };
  }

  // The longest time between two ticks within a stretch of time, in ms.
  longestGap(fromMs, toMs) {
    const at = this.ticks.map((tick) => tick.atMs).filter((ms) => ms >= fromMs && ms < toMs);
    return Math.max(...at.slice(1).map((ms, i) => ms - at[i]));
  }

  // Instant of the first tick after `ms`, or null.
  firstAfter(ms) {
    return this.ticks.find((tick) => tick.atMs > ms)?.atMs ?? null;
  }
}
