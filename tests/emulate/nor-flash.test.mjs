// The flash model against the W25Q16JV data sheet.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { FLASH_BYTES, NorFlash, SECTOR_BYTES } from "../../tools/emulate/silicon/nor-flash.mjs";

let flash;
let memory;
let now;
let cut;

beforeEach(() => {
  memory = new Uint8Array(FLASH_BYTES).fill(0xff);
  now = 0;
  cut = 0;
  flash = new NorFlash(memory, () => now, (ns) => (now += ns), () => (cut += 1));
});

function send(...bytes) {
  flash.select();
  const answer = bytes.map((byte) => flash.exchange(byte));
  flash.deselect();
  return answer;
}

const ready = () => send(0x05, 0);

function program(address, ...data) {
  send(0x06);
  send(0x02, address >> 16, (address >> 8) & 0xff, address & 0xff, ...data);
}

function erase(instruction, address) {
  send(0x06);
  send(instruction, address >> 16, (address >> 8) & 0xff, address & 0xff);
}

test("identity is that of a W25Q16JV", () => {
  assert.deepEqual(send(0x9f, 0, 0, 0).slice(1), [0xef, 0x40, 0x15]);
});

test("unique id comes after four dummies", () => {
  assert.deepEqual(send(0x4b, ...Array(12).fill(0)).slice(5), flash.uniqueId);
});

test("nothing is written without write enable", () => {
  send(0x02, 0, 0, 0, 0x12);
  erase(0x20, 0);
  assert.equal(flash.programs, 0);
  assert.equal(memory[0], 0xff);
});

test("write enable lasts for one operation, and write disable takes it back", () => {
  program(0, 0x12);
  ready();
  send(0x02, 0, 0, 1, 0x34);
  assert.equal(memory[1], 0xff);
  send(0x06);
  assert.equal(send(0x05, 0)[1] & 2, 2);
  send(0x04);
  assert.equal(send(0x05, 0)[1] & 2, 0);
});

test("a program only clears bits", () => {
  program(0x1000, 0x0f);
  ready();
  program(0x1000, 0xf5);
  assert.equal(memory[0x1000], 0x05);
});

test("a program past the end of a page goes on at its start", () => {
  program(0x10fe, 1, 2, 3);
  assert.deepEqual([memory[0x10fe], memory[0x10ff], memory[0x1000]], [1, 2, 3]);
  assert.equal(memory[0x1100], 0xff);
});

test("each erase takes its own size, aligned", () => {
  for (const [instruction, bytes] of [[0x20, 4096], [0x52, 32768], [0xd8, 65536]]) {
    memory.fill(0);
    erase(instruction, 0x23456);
    const start = 0x23456 & ~(bytes - 1);
    assert.deepEqual([memory[start - 1], memory[start]], [0, 0xff]);
    assert.deepEqual([memory[start + bytes - 1], memory[start + bytes]], [0xff, 0]);
    ready();
  }
  assert.equal(flash.erases, 3);
  assert.equal(flash.erasesBySector.get(0x23456 & ~(SECTOR_BYTES - 1)), 3);
});

test("a busy chip takes no instruction but the status", () => {
  program(0, 0x11);
  send(0x06);
  send(0x02, 0, 0, 4, 0x22);
  assert.equal(memory[4], 0xff);
  assert.equal(send(0x03, 0, 0, 0, 0)[4], 0xff);
  assert.equal(send(0x05, 0)[1], 0);
  assert.equal(now, 0.4e6);
  assert.equal(send(0x03, 0, 0, 0, 0)[4], 0x11);
});

test("a whole cut leaves everything as it was", () => {
  flash.cutAt(2, false);
  program(0, 0x11);
  ready();
  program(1, 0x22);
  assert.deepEqual([memory[0], memory[1], cut], [0x11, 0xff, 1]);
  program(2, 0x33);
  assert.equal(memory[2], 0xff);
});

test("a torn program or erase is done by half", () => {
  flash.cutAt(1, true);
  program(0, ...Array(256).fill(0));
  assert.deepEqual([memory[0], memory[127], memory[128], memory[255]], [0, 0, 0xff, 0xff]);
  flash.powerOn();
  memory.fill(0);
  flash.cutAt(1, true);
  erase(0x20, 0);
  assert.deepEqual([memory[0], memory[2047], memory[2048]], [0xff, 0xff, 0]);
});

test("0 asks for no cut, less is refused", () => {
  flash.cutAt(1, false);
  flash.cutAt(0, false);
  program(0, 0x11);
  assert.equal(memory[0], 0x11);
  assert.throws(() => flash.cutAt(-1, false), /must be 0 or more/);
});
