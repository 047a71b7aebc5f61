// Plays tests/vectors/atm90e26.json against the metering IC as an emulated chip sees it: through
// its SPI and chip select, in emulated time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { wireMeteringIc } from "../../tools/emulate/world/wires.mjs";
import { World } from "../../tools/emulate/world/world.mjs";

const VECTORS = new URL("../vectors/atm90e26.json", import.meta.url);
const MODE_3 = 0xc0;
const BYTE_NS = 64000;

class Clock {
  nanos = 0;
  #alarms = [];

  createAlarm(callback) {
    return { schedule: (ns) => this.#alarms.push({ at: this.nanos + ns, callback }) };
  }

  pass(ns) {
    const end = this.nanos + ns;
    for (;;) {
      this.#alarms.sort((a, b) => a.at - b.at);
      if (!this.#alarms.length || this.#alarms[0].at > end) break;
      const alarm = this.#alarms.shift();
      this.nanos = alarm.at;
      alarm.callback();
    }
    this.nanos = end;
  }
}

// The SPI master and its chip select, with as much of a Pico as the wires touch.
class Master {
  constructor(clock, pins, control0 = MODE_3) {
    this.clock = clock;
    this.received = [];
    const spi = { control0, clockFrequency: 8e9 / BYTE_NS };
    spi.completeTransmit = (byte) => this.received.push(byte);
    this.spi = spi;
    this.gpio = { [pins.METER_CS]: { addListener: (listener) => (this.select = listener) } };
    this.mcu = { spi: { [pins.METER_SPI]: spi }, gpio: this.gpio };
  }

  send(hex) {
    for (const byte of Buffer.from(hex, "hex")) {
      this.spi.onTransmit(byte);
      this.clock.pass(BYTE_NS);
    }
  }

  frame(pieces) {
    this.received = [];
    this.select(0);
    for (let i = 0; i < pieces.length; i += 3) {
      this.send(pieces[i]);
      if (i + 2 < pieces.length) this.clock.pass(pieces[i + 2] * 1e6);
    }
    this.select(1);
    return Buffer.from(this.received).toString("hex");
  }
}

async function bench(control0) {
  const clock = new Clock();
  const world = await World.start({ start: 1772323200, closed: true, now: () => clock.nanos });
  world.supply(true);
  const master = new Master(clock, world.pins, control0);
  const seen = { frames: 0, bytes: 0, faults: [] };
  wireMeteringIc({ mcu: master.mcu, clock }, world, {
    frame: () => (seen.frames += 1),
    byte: () => (seen.bytes += 1),
    fault: (text) => seen.faults.push(text),
  });
  return { clock, world, master, seen };
}

for (const { name, why, steps } of JSON.parse(readFileSync(VECTORS, "utf8")).vectors) {
  test(name, async () => {
    const { clock, world, master } = await bench();
    steps.forEach(([kind, ...rest], place) => {
      if (kind === "pass_ms") {
        clock.pass(rest[0] * 1e6);
      } else if (kind === "load") {
        world.setLoad(...rest);
      } else {
        const expected = rest.filter((_, i) => i % 3 === 1).join("");
        assert.equal(master.frame(rest), expected, `step ${place}, ${rest[0]}: ${why}`);
      }
    });
  });
}

test("a master in another mode is told of and not heard", async () => {
  const { clock, master, seen } = await bench(0x00);
  clock.pass(5e6);
  assert.equal(master.frame(["830000"]), "ffffff");
  assert.match(seen.faults[0], /another mode than 3/);
  assert.deepEqual([seen.frames, seen.bytes], [1, 3]);
});
