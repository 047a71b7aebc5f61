// The PL011 of uart.mjs: line time, overruns, and a sender that heeds RTS.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Simulator } from "../../tools/emulate/silicon/rp2040js.mjs";
import { attachUarts } from "../../tools/emulate/silicon/uart.mjs";

const UARTDR = 0x00;
const UARTIBRD = 0x24;
const UARTFBRD = 0x28;
const UARTLCR_H = 0x2c;
const UARTCR = 0x30;
const EIGHT_BITS_FIFO = 0x70;
const RECEIVING = 0x301;
const RTS_ENABLE = 0x4000;
const FIFO = 32;
const LEVEL = 16; // half of it, as after a reset
const BYTES = 100;

function made(control) {
  const simulator = new Simulator();
  const { rp2040: mcu, clock } = simulator;
  attachUarts(mcu);
  const uart = mcu.uart[0];
  uart.writeUint32(UARTIBRD, Math.floor(mcu.clkPeri / 16 / 115200));
  uart.writeUint32(UARTFBRD, 0);
  uart.writeUint32(UARTLCR_H, EIGHT_BITS_FIFO);
  uart.writeUint32(UARTCR, control);
  return { uart, clock };
}

function pass(clock, ms) {
  for (let i = 0; i < ms * 100; i += 1) clock.tick(1e4);
}

function taken(uart, count) {
  return Array.from({ length: count }, () => uart.readUint32(UARTDR));
}

test("bytes come at line rate", () => {
  const { uart, clock } = made(RECEIVING);
  for (let i = 0; i < 10; i += 1) uart.feedByte(i);
  pass(clock, 0.5);
  assert.ok(uart.received.length >= 4 && uart.received.length <= 7, `${uart.received.length}`);
  pass(clock, 1);
  assert.deepEqual(taken(uart, 10), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("without RTS what nobody takes is lost and counted", () => {
  const { uart, clock } = made(RECEIVING);
  for (let i = 0; i < BYTES; i += 1) uart.feedByte(i);
  pass(clock, 20);
  assert.equal(uart.received.length, FIFO);
  assert.equal(uart.overruns, BYTES - FIFO);
});

test("with RTS the sender stops and goes on", () => {
  const { uart, clock } = made(RECEIVING | RTS_ENABLE);
  for (let i = 0; i < BYTES; i += 1) uart.feedByte(i);
  pass(clock, 20);
  assert.equal(uart.received.length, LEVEL);
  const all = [];
  while (all.length < BYTES) {
    const there = uart.received.length;
    assert.ok(there, `stuck after ${all.length}`);
    all.push(...taken(uart, there));
    pass(clock, 2);
  }
  assert.deepEqual(all, Array.from({ length: BYTES }, (_, i) => i));
  assert.equal(uart.overruns, 0);
});
