// Serial NOR flash of the W25Q16JV, as its master sees it: commands, status, time and power cuts.
// Source: Winbond W25Q16JV data sheet, chapters 6 (status registers), 7 (instructions) and
// 9.6 (AC characteristics, typical times).
//
// `now()` gives nanoseconds and `wait(ns)` lets them pass. A master that polls the status while
// the chip is busy passes the time at once: nothing else could happen to it meanwhile but what
// `wait` lets happen.

export const FLASH_BYTES = 2 << 20;
export const PAGE_BYTES = 256;
export const SECTOR_BYTES = 4096;

const WRITE_STATUS_1 = 0x01;
const PAGE_PROGRAM = 0x02;
const READ_DATA = 0x03;
const WRITE_DISABLE = 0x04;
const READ_STATUS_1 = 0x05;
const WRITE_ENABLE = 0x06;
const READ_STATUS_2 = 0x35;
const READ_UNIQUE_ID = 0x4b;
const READ_JEDEC_ID = 0x9f;
const JEDEC_ID = [0xef, 0x40, 0x15];
const UNIQUE_ID_DUMMIES = 4;

const BUSY = 0x01;
const WRITE_ENABLED = 0x02;
const QUAD_ENABLE = 0x02;

const PROGRAM_NS = 0.4e6;
// Erase instructions: bytes erased and typical nanoseconds.
const ERASES = new Map([
  [0x20, [SECTOR_BYTES, 45e6]],
  [0x52, [32 << 10, 120e6]],
  [0xd8, [64 << 10, 150e6]],
]);

export class NorFlash {
  // `memory`: the bytes of the chip, changed in place. `onCut()` is called when a cut that
  // `cutAt` asked for is due.
  constructor(memory, now, wait, onCut = () => {}) {
    this.memory = memory;
    this.now = now;
    this.wait = wait;
    this.onCut = onCut;
    this.uniqueId = [0xe6, 0x61, 0x41, 0x04, 0x03, 0x2a, 0x5b, 0x21];
    this.programs = 0;
    this.erases = 0;
    this.erasesBySector = new Map();
    this.operationsToCut = 0;
    this.torn = false;
    this.powerOn();
  }

  powerOn() {
    this.selected = false;
    this.frame = [];
    this.writeEnabled = false;
    this.busyUntil = 0;
    this.status2 = QUAD_ENABLE;
    this.dead = false;
  }

  // Take power away at the n-th program or erase from now: that one is not done at all or, torn,
  // half done. Nothing after it is done either. 0 asks for no cut.
  cutAt(n, torn) {
    if (!Number.isInteger(n) || n < 0) throw new Error(`cut at operation ${n}: must be 0 or more`);
    this.operationsToCut = n;
    this.torn = torn;
  }

  get busy() {
    return this.now() < this.busyUntil;
  }

  select() {
    this.selected = true;
    this.frame = [];
  }

  // Clock one byte in; returns the byte that came out.
  exchange(byte) {
    const place = this.frame.length;
    this.frame.push(byte);
    if (!this.selected || this.dead || place === 0) return 0xff;
    switch (this.frame[0]) {
      case READ_STATUS_1:
        if (this.busy) this.wait(this.busyUntil - this.now());
        return (this.busy ? BUSY : 0) | (this.writeEnabled ? WRITE_ENABLED : 0);
      case READ_STATUS_2:
        return this.status2;
    }
    if (this.busy) return 0xff;
    switch (this.frame[0]) {
      case READ_JEDEC_ID:
        return JEDEC_ID[(place - 1) % JEDEC_ID.length];
      case READ_UNIQUE_ID:
        if (place <= UNIQUE_ID_DUMMIES) return 0xff;
        return this.uniqueId[(place - 1 - UNIQUE_ID_DUMMIES) % this.uniqueId.length];
      case READ_DATA:
        return place < 4 ? 0xff : this.memory[(this.#address() + place - 4) % FLASH_BYTES];
      default:
        return 0xff;
    }
  }

  // Chip select goes high: an instruction that writes is carried out now.
  deselect() {
    if (!this.selected) return;
    this.selected = false;
    if (this.dead || this.busy || !this.frame.length) return;
    const [instruction] = this.frame;
    if (instruction === WRITE_ENABLE) this.writeEnabled = true;
    else if (instruction === WRITE_DISABLE) this.writeEnabled = false;
    else if (!this.writeEnabled) return;
    else if (instruction === WRITE_STATUS_1) this.#writeStatus();
    else if (instruction === PAGE_PROGRAM && this.frame.length > 4) this.#program();
    else if (ERASES.has(instruction) && this.frame.length === 4) this.#erase(instruction);
  }

  #address() {
    return ((this.frame[1] << 16) | (this.frame[2] << 8) | this.frame[3]) % FLASH_BYTES;
  }

  #writeStatus() {
    if (this.frame.length > 2) this.status2 = this.frame[2];
    this.writeEnabled = false;
  }

  // Bits only go from 1 to 0, and an address past the end of the page wraps to its start.
  #program() {
    const address = this.#address();
    const page = address & ~(PAGE_BYTES - 1);
    const after = this.memory.slice(page, page + PAGE_BYTES);
    this.frame.slice(4).forEach((byte, i) => {
      after[(address + i) & (PAGE_BYTES - 1)] &= byte;
    });
    this.#change(page, after, PROGRAM_NS, () => {
      this.programs += 1;
    });
  }

  #erase(instruction) {
    const [bytes, duration] = ERASES.get(instruction);
    const start = this.#address() & ~(bytes - 1);
    this.#change(start, new Uint8Array(bytes).fill(0xff), duration, () => {
      this.erases += 1;
      for (let sector = start; sector < start + bytes; sector += SECTOR_BYTES) {
        this.erasesBySector.set(sector, (this.erasesBySector.get(sector) ?? 0) + 1);
      }
    });
  }

  #change(start, after, duration, count) {
    this.writeEnabled = false;
    if (this.operationsToCut && --this.operationsToCut === 0) {
      if (this.torn) this.memory.set(after.subarray(0, after.length / 2), start);
      this.dead = true;
      this.onCut();
      return;
    }
    this.memory.set(after, start);
    this.busyUntil = this.now() + duration;
    count();
  }
}
