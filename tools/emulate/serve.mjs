// Runs a meter on an emulated RP2040 in real time and offers its serial line on a TCP port of
// this machine, for mpremote, meterctl or a terminal: socket://127.0.0.1:PORT.
//
//   node serve.mjs TASK     TASK: JSON {uf2, bootrom, start, port, watts, state, modem}
//
// `state`: a file with the flash; read if it is there, written at the end. `modem`: the tty of a
// modem, wired to the modem's UART, or nothing. Runs until standard input closes.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { Bed } from "./script/bed.mjs";
import { Tty } from "./script/tty.mjs";
import { FLASH_BYTES } from "./silicon/nor-flash.mjs";
import { InputError, readBootrom, readUf2 } from "./silicon/uf2.mjs";

const VOLTS = 230;
const SLICE_NS = 5e6;
const STEPS = 200_000;
// Emulation that has fallen behind does not run faster afterwards to catch up.
const LAG_MAX_MS = 50;

class Port {
  constructor(port, onData) {
    this.clients = new Set();
    this.server = createServer((client) => {
      client.setNoDelay(true);
      this.clients.add(client);
      client.on("data", onData);
      for (const end of ["close", "error"]) client.on(end, () => this.clients.delete(client));
    });
    this.server.listen(port, "127.0.0.1", () => {
      process.stdout.write(`console socket://127.0.0.1:${this.server.address().port}\n`);
    });
  }

  send(bytes) {
    for (const client of this.clients) client.write(Buffer.from(bytes));
  }
}

function flash(task) {
  const { state } = task;
  if (!state || !existsSync(state)) return readUf2(task.uf2);
  const image = readFileSync(state);
  if (image.length !== FLASH_BYTES) {
    throw new InputError(`${state}: ${image.length} bytes: must be ${FLASH_BYTES}`);
  }
  return new Uint8Array(image);
}

async function serve(task) {
  const port = new Port(task.port, (data) => bed.pico.serial.send(data));
  const modem = task.modem ? new Tty(task.modem) : null;
  const bed = await Bed.make({
    image: flash(task),
    bootrom: readBootrom(task.bootrom),
    start: task.start,
    closed: true,
    onSerial: (bytes) => port.send(bytes),
    onModem: (byte) => modem?.write(byte),
  });
  bed.world.setLoad(VOLTS, task.watts);
  bed.powerOn();
  process.stdin.resume();
  process.stdin.on("end", () => {
    bed.powerOff();
    if (task.state) writeFileSync(task.state, bed.pico.image);
    process.exit(0);
  });
  let began = performance.now();
  const turn = () => {
    const ahead = bed.pico.milliseconds - (performance.now() - began);
    if (ahead < -LAG_MAX_MS) began -= ahead + LAG_MAX_MS;
    if (ahead > 0) {
      setTimeout(turn, ahead);
      return;
    }
    if (modem) bed.fromModem(modem.read());
    bed.pico.run(STEPS, bed.pico.nanos + SLICE_NS);
    bed.line.text = "";
    bed.stopwatch.ticks.length = 0;
    setImmediate(turn);
  };
  turn();
}

try {
  await serve(JSON.parse(readFileSync(process.argv[2], "utf8")));
} catch (error) {
  const text = error instanceof InputError ? `error: ${error.message}` : error.stack;
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
