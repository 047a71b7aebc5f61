// Asks the program that started this one for what only real peers can do, without waiting for
// it: a question is a line of JSON on standard output, its answer one on standard input.
import { constants, openSync, readSync } from "node:fs";

const READ_BYTES = 65536;

export class PeerError extends Error {}

export class Peers {
  constructor(print) {
    this.print = print;
    this.file = openSync("/dev/stdin", constants.O_RDONLY | constants.O_NONBLOCK);
    this.buffer = Buffer.alloc(READ_BYTES);
    this.text = "";
    this.asked = 0;
    this.answers = new Map();
  }

  // Returns the number of the question.
  ask(what, more = {}) {
    this.asked += 1;
    this.print({ ask: this.asked, do: what, ...more });
    return this.asked;
  }

  // The answer, or undefined while there is none; PeerError.
  answer(number) {
    this.read();
    const found = this.answers.get(number);
    if (found?.error !== undefined) throw new PeerError(found.error);
    return found?.ok;
  }

  read() {
    let count = 0;
    try {
      count = readSync(this.file, this.buffer, 0, READ_BYTES, null);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
    this.text += this.buffer.toString("utf8", 0, count);
    const lines = this.text.split("\n");
    this.text = lines.pop();
    for (const line of lines) {
      const answer = JSON.parse(line);
      this.answers.set(answer.answer, answer);
    }
  }
}
