// State machines keep the emulated clock's time, whatever the processor does.
// Source of the encodings: RP2040 data sheet, 3.4 (instruction set) and 3.7 (registers).
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { clockPio } from "../../tools/emulate/silicon/pio-clock.mjs";
import { Simulator } from "../../tools/emulate/silicon/rp2040js.mjs";

const PIN = 10;
const PIO0 = 6;
const CTRL = 0x000;
const TXF0 = 0x010;
const RXF0 = 0x020;
const INSTR_MEM0 = 0x048;
const SM0_CLKDIV = 0x0c8;
const SM0_EXECCTRL = 0x0cc;
const SM0_SHIFTCTRL = 0x0d0;
const SM0_INSTR = 0x0d8;
const SM0_PINCTRL = 0x0dc;
const SET_PINDIRS_1 = 0xe081;
// pull block; out x, 15; set pins, 1; loop: jmp x-- loop; set pins, 0; push noblock
const PULSE = [0x80a0, 0x602f, 0xe001, 0x0043, 0xe000, 0x8000];

let clock;
let pio;
let edges;

beforeEach(() => {
  const simulator = new Simulator();
  clock = simulator.clock;
  const mcu = simulator.rp2040;
  clockPio(mcu);
  pio = mcu.pio[0];
  PULSE.forEach((word, i) => pio.writeUint32(INSTR_MEM0 + 4 * i, word));
  pio.writeUint32(SM0_CLKDIV, 1250 << 16); // 125 MHz to 100 kHz
  pio.writeUint32(SM0_EXECCTRL, (PULSE.length - 1) << 12);
  pio.writeUint32(SM0_SHIFTCTRL, 1 << 19);
  pio.writeUint32(SM0_PINCTRL, (1 << 26) | (PIN << 5));
  mcu.gpio[PIN].ctrl = PIO0;
  pio.writeUint32(SM0_INSTR, SET_PINDIRS_1);
  edges = [];
  mcu.gpio[PIN].addListener((level) => edges.push({ level, ms: clock.nanos / 1e6 }));
  pio.writeUint32(CTRL, 1);
});

test("a pulse has the length of its count", () => {
  clock.tick(5e6);
  assert.equal(edges.length, 0);
  pio.writeUint32(TXF0, 9998);
  clock.tick(200e6);
  assert.deepEqual(edges.map(({ level }) => level), [1, 0]);
  assert.ok(Math.abs(edges[1].ms - edges[0].ms - 100) < 1e-6, `${edges[1].ms - edges[0].ms} ms`);
  assert.equal(edges[0].ms.toFixed(2), "5.02");
});

test("a machine that waits for its FIFO sets no alarm", () => {
  clock.tick(1e6);
  assert.equal(clock.nextAlarm, null);
});

test("a second count follows when the first is done", () => {
  pio.writeUint32(TXF0, 98);
  pio.writeUint32(TXF0, 198);
  clock.tick(10e6);
  const lengths = [edges[1].ms - edges[0].ms, edges[3].ms - edges[2].ms];
  assert.deepEqual(lengths.map((ms) => ms.toFixed(3)), ["1.000", "2.000"]);
  pio.readUint32(RXF0);
  assert.equal(clock.nextAlarm, null);
});

test("a machine that is switched off stands still", () => {
  pio.writeUint32(TXF0, 9998);
  clock.tick(50e6);
  pio.writeUint32(CTRL, 0);
  clock.tick(500e6);
  assert.equal(edges.length, 1);
});
