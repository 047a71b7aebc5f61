// PL011 UART with FIFOs, line time, an edge-type transmit interrupt and a receive timeout.
// Source: RP2040 data sheet, 4.2 (UART), register list 4.2.8; ARM DDI 0183.
//
// That of rp2040js raises its transmit interrupt again inside the handler, so that MicroPython's
// machine.UART() never leaves it.
import { BasePeripheral } from "./rp2040js.mjs";

const PAGES = [0x40034, 0x40038];

const UARTDR = 0x00;
const UARTFR = 0x18;
const UARTIBRD = 0x24;
const UARTFBRD = 0x28;
const UARTLCR_H = 0x2c;
const UARTCR = 0x30;
const UARTIFLS = 0x34;
const UARTIMSC = 0x38;
const UARTRIS = 0x3c;
const UARTMIS = 0x40;
const UARTICR = 0x44;
const UARTDMACR = 0x48;
const PERIPHERAL_ID = new Map([
  [0xfe0, 0x11], [0xfe4, 0x10], [0xfe8, 0x34], [0xff0, 0x0d], [0xff4, 0xf0], [0xff8, 0x05],
  [0xffc, 0xb1],
]);

const RX_INTERRUPT = 1 << 4;
const TX_INTERRUPT = 1 << 5;
const RX_TIMEOUT = 1 << 6;
const OVERRUN = 1 << 10;
const FIFO_ENABLE = 1 << 4;
const UART_ENABLE = 1 << 0;
const RX_ENABLE = 1 << 9;
const RTS_ENABLE = 1 << 14;
const FIFO_DEPTH = 32;
const FIFO_LEVELS = [4, 8, 16, 24, 28];
const TIMEOUT_BITS = 32;

class Pl011 extends BasePeripheral {
  constructor(mcu, stock) {
    super(mcu, stock.name);
    this.irq = stock.irq;
    this.dreq = stock.dreq;
    this.onByte = () => {};
    this.registers = new Map([[UARTCR, 0x300], [UARTIFLS, 0x12]]);
    this.sending = [];
    this.received = [];
    this.incoming = []; // on the wire, not here yet
    this.shifting = null;
    this.raw = 0;
    this.overruns = 0;
    const { clock } = mcu;
    this.sendAlarm = clock.createAlarm(() => this.#sent());
    this.arriveAlarm = clock.createAlarm(() => this.#arrived());
    this.timeoutAlarm = clock.createAlarm(() => {
      if (this.received.length) this.#raise(RX_TIMEOUT);
    });
  }

  clkPeriChanged() {}

  // Put a byte on the wire towards the chip; bytes follow each other at line rate. A sender
  // that heeds RTS stops when the FIFO is at its level, and goes on when it is below.
  feedByte(byte) {
    this.incoming.push(byte & 0xff);
    if (this.incoming.length === 1 && !this.#held) this.#expect();
  }

  get #held() {
    return !!(this.registers.get(UARTCR) & RTS_ENABLE) && this.received.length >= this.#level(3);
  }

  get #depth() {
    return this.registers.get(UARTLCR_H) & FIFO_ENABLE ? FIFO_DEPTH : 1;
  }

  #level(shift) {
    if (this.#depth === 1) return shift ? 1 : 0;
    return FIFO_LEVELS[(this.registers.get(UARTIFLS) >> shift) & 7] ?? 16;
  }

  get #bitNanos() {
    const divider = (this.registers.get(UARTIBRD) ?? 0) + (this.registers.get(UARTFBRD) ?? 0) / 64;
    return divider ? (16e9 * divider) / this.rp2040.clkPeri : 1e9 / 115200;
  }

  get #characterNanos() {
    const lcr = this.registers.get(UARTLCR_H) ?? 0;
    const bits = 1 + 5 + ((lcr >> 5) & 3) + ((lcr >> 1) & 1) + 1 + ((lcr >> 3) & 1);
    return this.#bitNanos * bits;
  }

  #raise(bit) {
    this.raw |= bit;
    this.#update();
  }

  #update() {
    this.rp2040.setInterrupt(this.irq, !!(this.raw & (this.registers.get(UARTIMSC) ?? 0)));
    const { dma } = this.rp2040;
    const room = this.registers.get(UARTCR) & UART_ENABLE && this.sending.length < this.#depth;
    if (room) dma.setDREQ(this.dreq.tx);
    else dma.clearDREQ(this.dreq.tx);
    if (this.received.length) dma.setDREQ(this.dreq.rx);
    else dma.clearDREQ(this.dreq.rx);
  }

  #send() {
    if (this.shifting !== null || !this.sending.length) return;
    if (!(this.registers.get(UARTCR) & UART_ENABLE)) return;
    const level = this.#level(0);
    const before = this.sending.length;
    this.shifting = this.sending.shift();
    this.sendAlarm.schedule(this.#characterNanos);
    if (this.#depth === 1 || (before > level && this.sending.length <= level)) {
      this.raw |= TX_INTERRUPT;
    }
    this.#update();
  }

  #sent() {
    const byte = this.shifting;
    this.shifting = null;
    this.onByte(byte);
    this.#send();
  }

  #expect() {
    this.arriveAlarm.schedule(this.#characterNanos);
  }

  #arrived() {
    const byte = this.incoming.shift();
    this.#receive(byte);
    if (this.incoming.length && !this.#held) this.#expect();
  }

  #receive(byte) {
    const enabled = UART_ENABLE | RX_ENABLE;
    if ((this.registers.get(UARTCR) & enabled) !== enabled) return;
    if (this.received.length >= this.#depth) {
      this.overruns += 1;
      this.#raise(OVERRUN);
      return;
    }
    this.received.push(byte);
    if (this.received.length >= this.#level(3)) this.raw |= RX_INTERRUPT;
    this.timeoutAlarm.schedule(this.#bitNanos * TIMEOUT_BITS);
    this.#update();
  }

  #take() {
    const held = this.#held;
    const byte = this.received.shift() ?? 0;
    if (held && !this.#held && this.incoming.length) this.#expect();
    if (this.received.length < this.#level(3)) this.raw &= ~RX_INTERRUPT;
    if (!this.received.length) this.raw &= ~RX_TIMEOUT;
    this.#update();
    return byte;
  }

  get #flags() {
    const depth = this.#depth;
    return (
      (this.sending.length === 0 ? 0x80 : 0) |
      (this.received.length >= depth ? 0x40 : 0) |
      (this.sending.length >= depth ? 0x20 : 0) |
      (this.received.length === 0 ? 0x10 : 0) |
      (this.shifting !== null || this.sending.length ? 0x08 : 0)
    );
  }

  readUint32(offset) {
    switch (offset) {
      case UARTDR:
        return this.#take();
      case UARTFR:
        return this.#flags;
      case UARTRIS:
        return this.raw;
      case UARTMIS:
        return this.raw & (this.registers.get(UARTIMSC) ?? 0);
      default:
        return this.registers.get(offset) ?? PERIPHERAL_ID.get(offset) ?? 0;
    }
  }

  writeUint32(offset, value) {
    if (offset === UARTDR) {
      if (this.sending.length < this.#depth) this.sending.push(value & 0xff);
      if (this.sending.length > this.#level(0)) this.raw &= ~TX_INTERRUPT;
      this.#update();
    } else if (offset === UARTICR) {
      this.raw &= ~this.rawWriteValue;
      this.#update();
    } else if (offset !== UARTDMACR) {
      this.registers.set(offset, value);
      this.#update();
    }
    this.#send();
  }
}

export function attachUarts(mcu) {
  PAGES.forEach((page, i) => {
    const uart = new Pl011(mcu, mcu.uart[i]);
    mcu.uart[i] = uart;
    mcu.peripherals[page] = uart;
  });
}
