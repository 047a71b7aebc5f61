// A Raspberry Pi Pico: the RP2040 of rp2040js with a flash chip and a USB serial line, whose
// supply can be switched and which the watchdog can reset.
//
// `nanos` counts emulated time since the first power-on and runs on while the chip is off.
// `onSleep()` is called when the processor goes to wait for an interrupt; it had been awake since
// `awakeSince`.
// Nothing here depends on the host's clock, so a run repeats itself exactly.
import { clockPio } from "./pio-clock.mjs";
import { ConsoleLogger, LogLevel, Simulator } from "./rp2040js.mjs";
import { SerialLine } from "./serial-line.mjs";
import { attachFlash } from "./ssi.mjs";
import { attachUarts } from "./uart.mjs";

const WATCHDOG_PAGE = 0x40058;
const BOOT2 = 0x10000000;
const IDLE_NANOS = 1e6;
const RAM = 0x20000000;
const STACK_TOP = 0x20042000; // the end of RAM
const PAINT = 0xa5;
const PAINT_MARGIN = 64;

export class Pico {
  // `image`: the whole flash, changed in place. `wire(pico)` puts the world on the pins, again
  // after every reset. `onData(bytes)`: serial output. `onReset(cause)`: "watchdog" or "power".
  constructor({ image, bootrom, wire, onData, onReset = () => {} }) {
    this.image = image;
    this.bootrom = bootrom;
    this.wire = wire;
    this.onData = onData;
    this.onReset = onReset;
    this.past = 0;
    this.onSleep = () => {};
    this.awakeSince = 0;
    this.powered = false;
    this.programs = 0;
    this.erases = 0;
    this.resets = 0;
    process.env.TZ = "UTC"; // rp2040js keeps its RTC in the host's time zone
  }

  get nanos() {
    return this.past + (this.powered ? this.clock.nanos : 0);
  }

  get milliseconds() {
    return this.nanos / 1e6;
  }

  powerOn() {
    if (this.powered) throw new Error("power on: it is on");
    this.#start();
    this.onReset("power");
  }

  // Take the supply away: RAM and registers are gone, the flash stays.
  powerOff() {
    if (!this.powered) return;
    this.#stop();
    this.powered = false;
  }

  // Let time pass while the chip is off.
  stayOff(nanos) {
    if (this.powered) throw new Error("stay off: the chip has power");
    this.past += nanos;
  }

  #start(watchdog = null) {
    const simulator = new Simulator();
    const mcu = simulator.rp2040;
    this.mcu = mcu;
    this.clock = simulator.clock;
    this.asleep = false;
    this.awakeSince = this.past;
    mcu.logger = new ConsoleLogger(LogLevel.Error);
    mcu.loadBootrom(this.bootrom);
    mcu.flash.set(this.image);
    this.cut = false;
    this.resetting = false;
    this.flash = attachFlash(mcu, () => {
      this.cut = true;
    });
    attachUarts(mcu);
    clockPio(mcu);
    this.#armWatchdog(mcu.peripherals[WATCHDOG_PAGE], watchdog);
    this.serial = new SerialLine(mcu, this.onData, () => {});
    this.cycleNanos = 1e9 / mcu.clkSys;
    mcu.addClockListener((frequency) => {
      this.cycleNanos = 1e9 / frequency;
    });
    this.powered = true;
    this.wire(this);
    mcu.core.PC = BOOT2; // as the boot ROM leaves it, without its wait for USB
  }

  // rp2040js' alarm would schedule itself again at once, for ever.
  #armWatchdog(watchdog, before) {
    if (before) {
      watchdog.scratchData.set(before.scratchData);
      watchdog.reason = before.reason;
    }
    watchdog.onWatchdogTrigger = () => {
      watchdog.alarm.enable = false;
      this.resetting = true;
    };
  }

  #stop() {
    this.past += this.clock.nanos;
    this.image.set(this.mcu.flash.subarray(0, this.image.length));
    this.programs += this.flash.programs;
    this.erases += this.flash.erases;
  }

  #reset() {
    const watchdog = this.mcu.peripherals[WATCHDOG_PAGE];
    this.#stop();
    this.resets += 1;
    this.#start(watchdog);
    this.onReset("watchdog");
  }

  get watchdogArmed() {
    return this.powered && this.mcu.peripherals[WATCHDOG_PAGE].enable;
  }

  // Pages programmed and sectors erased since the first power-on.
  get flashOperations() {
    const { programs, erases } = this.powered ? this.flash : { programs: 0, erases: 0 };
    return { programs: this.programs + programs, erases: this.erases + erases };
  }

  // Fill what is free of a stack of `bytes` with a pattern, for `stackUsed` to see how deep it
  // went from then on: what is below a C function's frame too, which no check of MicroPython's
  // sees.
  paintStack(bytes) {
    const end = this.mcu.core.SP - PAINT_MARGIN - RAM;
    this.mcu.sram.fill(PAINT, STACK_TOP - RAM - bytes, end);
  }

  // Bytes of a painted stack of `bytes` that have been used.
  stackUsed(bytes) {
    const stack = this.mcu.sram.subarray(STACK_TOP - RAM - bytes, STACK_TOP - RAM);
    return bytes - stack.findIndex((value) => value !== PAINT);
  }

  // Run for at most `steps` instructions or until `untilNanos`; false when a cut took the power.
  run(steps, untilNanos = Infinity) {
    const until = untilNanos - this.past;
    const { mcu, clock } = this;
    const { core } = mcu;
    for (let i = 0; i < steps && clock.nanos < until; i += 1) {
      if (core.waiting) {
        if (!this.asleep) {
          this.asleep = true;
          this.onSleep();
        }
        const next = clock.nextAlarm ? clock.nanosToNextAlarm : IDLE_NANOS;
        clock.tick(Math.max(0, Math.min(next, until - clock.nanos)));
      } else {
        if (this.asleep) {
          this.asleep = false;
          this.awakeSince = this.nanos;
        }
        clock.tick(core.executeInstruction() * this.cycleNanos);
      }
      if (this.cut) {
        this.powerOff();
        return false;
      }
      if (this.resetting) {
        this.#reset();
        return true;
      }
    }
    return true;
  }
}
