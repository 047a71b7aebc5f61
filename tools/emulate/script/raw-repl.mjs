// The raw REPL as mpremote's SerialTransport speaks it, and the meter's requests on it.
// Source: MicroPython documentation, "The MicroPython Interactive Interpreter Mode (aka REPL)";
// mpremote 1.28, transport_serial.py.
import { LineError } from "./line.mjs";

const BANNER = "raw REPL; CTRL-B to exit\r\n";
const PATIENCE_MS = 5000;
const DONE = "\x04";

export class RawRepl {
  constructor(line) {
    this.line = line;
  }

  // As mpremote begins: stop what runs, enter, ask for a soft reset.
  enter() {
    this.line.send("\r\x03\x03");
    this.line.wait(100);
    this.line.send("\r\x01");
    this.line.expect(BANNER, PATIENCE_MS);
    this.line.write(DONE);
    this.line.expect("soft reboot\r\n", PATIENCE_MS);
    this.line.expect(BANNER, PATIENCE_MS);
    this.line.expect(">", PATIENCE_MS);
  }

  leave() {
    this.line.send("\r\x02");
  }

  // Execute code by raw paste; returns what it printed. LineError for an exception.
  exec(code, ms = PATIENCE_MS) {
    this.begin(code);
    const printed = this.line.expect(DONE, ms);
    const error = this.line.expect(DONE, ms);
    this.line.expect(">", ms);
    if (error) throw new LineError(`${code}: ${error.trim()}`);
    return printed;
  }

  // Send code for execution and return without its result.
  begin(code) {
    const { line } = this;
    line.send("\x05A\x01");
    line.expect("R\x01", PATIENCE_MS);
    line.until(() => line.text.length >= line.mark + 2, "window of raw paste", PATIENCE_MS);
    const size = line.text.charCodeAt(line.mark) | (line.text.charCodeAt(line.mark + 1) << 8);
    line.mark += 2;
    let window = size;
    for (let at = 0; at < code.length; ) {
      while (line.text[line.mark] === "\x01") {
        window += size;
        line.mark += 1;
      }
      if (window) {
        const piece = code.slice(at, at + window);
        line.write(piece);
        window -= piece.length;
        at += piece.length;
      } else {
        line.until(() => line.text[line.mark] === "\x01", "room in raw paste", PATIENCE_MS);
      }
    }
    line.write(DONE);
    line.expect(DONE, PATIENCE_MS);
  }

  // Ask the meter; returns the answer's `ok`. LineError for its `error`.
  call(request, ms = PATIENCE_MS) {
    const json = JSON.stringify(request).replace(/'/g, "\\u0027");
    const answer = JSON.parse(this.exec(`meter.call(r'${json}')`, ms));
    if (answer.error) throw new LineError(`${request.do}: ${answer.error}`);
    return answer.ok;
  }
}
