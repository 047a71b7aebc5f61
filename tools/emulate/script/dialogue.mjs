// What meter and modem say to each other, line by line, with the instant of each line's end.
const LINE_END = 10;
const RETURN = 13;
const COMMAND = "AT+"; // begins a line, also behind a payload, which nothing ends

export class Dialogue {
  constructor(now) {
    this.now = now;
    this.lines = [];
    this.parts = { meter: "", modem: "" };
  }

  meter(byte) {
    this.#take("meter", byte);
  }

  modem(bytes) {
    for (const byte of bytes) this.#take("modem", byte);
  }

  #take(who, byte) {
    if (byte === RETURN || byte === LINE_END) {
      this.#end(who, this.parts[who], "");
      return;
    }
    const plain = byte >= 0x20 && byte < 0x7f;
    this.parts[who] += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, "0")}`;
    const part = this.parts[who];
    if (who === "meter" && part.endsWith(COMMAND)) {
      this.#end(who, part.slice(0, -COMMAND.length), COMMAND);
    }
  }

  #end(who, line, rest) {
    if (line) this.lines.push({ ms: this.now(), who, text: line });
    this.parts[who] = rest;
  }

  // Instant of the first line from `ms` on that somebody said and that has the pattern, or null.
  first(who, pattern, ms = 0) {
    const found = this.lines.find(
      (line) => line.who === who && line.ms >= ms && pattern.test(line.text));
    return found?.ms ?? null;
  }
}
