// The serial line of a script: sends, and waits for text with a deadline in emulated time.
export class LineError extends Error {}

const SLICE_NS = 1e6;
const STEPS = 1e6;
const SHOWN = 400;

export class Line {
  // `run(untilNanos)` lets emulated time pass; false when the power is gone.
  constructor(pico) {
    this.pico = pico;
    this.text = "";
    this.mark = 0; // what is before it has been taken
    this.beside = () => {}; // done between slices of time
  }

  take(bytes) {
    this.text += Buffer.from(bytes).toString("latin1");
  }

  send(text) {
    this.mark = this.text.length;
    this.write(text);
  }

  // Send without forgetting what is unread.
  write(text) {
    this.pico.serial.send(Buffer.from(text, "latin1"));
  }

  // Let time pass; false when the power went meanwhile.
  wait(ms, done = () => false) {
    const end = this.pico.nanos + ms * 1e6;
    while (this.pico.nanos < end && !done()) {
      const until = Math.min(end, this.pico.nanos + SLICE_NS);
      if (!this.pico.run(STEPS, until)) return false;
      this.beside();
    }
    return true;
  }

  // Wait until `condition()` holds, at most `ms`; LineError naming `what` when it does not.
  until(condition, what, ms) {
    const powered = this.wait(ms, condition);
    if (condition()) return;
    const unread = JSON.stringify(this.text.slice(this.mark).slice(-SHOWN));
    const why = powered ? `not within ${ms} ms` : "the power went";
    throw new LineError(`${what}: ${why}; the line says ${unread}`);
  }

  // Wait for `pattern` after the mark, return what came before it, and move the mark behind it.
  expect(pattern, ms) {
    let at = -1;
    this.until(
      () => {
        at = this.text.indexOf(pattern, this.mark);
        return at >= 0;
      },
      JSON.stringify(pattern),
      ms,
    );
    const before = this.text.slice(this.mark, at);
    this.mark = at + pattern.length;
    return before;
  }
}
