// The far end of the modem's UART: a tty of this computer, which nobody ever waits for.
import { constants, openSync, readSync, writeSync } from "node:fs";
import { InputError } from "../silicon/uf2.mjs";

const { O_NOCTTY, O_NONBLOCK, O_RDWR } = constants;
const READ_BYTES = 4096;
const NOTHING = new Uint8Array(0);

export class Tty {
  constructor(path) {
    try {
      this.file = openSync(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    } catch (error) {
      throw new InputError(`modem ${path}: ${error.message}`);
    }
    this.buffer = Buffer.alloc(READ_BYTES);
    this.waiting = []; // for the modem, which has had no room yet
  }

  // What has come since the last time; nothing from a modem that went away, as a real one.
  read() {
    this.#flush();
    return this.#try(() => {
      const count = readSync(this.file, this.buffer, 0, READ_BYTES, null);
      return Uint8Array.from(this.buffer.subarray(0, count));
    }) ?? NOTHING;
  }

  write(byte) {
    this.waiting.push(byte);
  }

  #flush() {
    if (!this.waiting.length) return;
    const count = this.#try(() => writeSync(this.file, Uint8Array.from(this.waiting))) ?? 0;
    this.waiting.splice(0, count);
  }

  #try(call) {
    try {
      return call();
    } catch (error) {
      if (error.code === "EAGAIN") return null;
      if (error.code !== "EIO") throw error;
      this.waiting = [];
      return null;
    }
  }
}
