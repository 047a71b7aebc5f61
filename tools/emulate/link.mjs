// Runs the link's scenario on an emulated RP2040, with a modem on its UART and real peers.
//
//   node link.mjs TASK     TASK: JSON {uf2, bootrom, start, time, tariff, meter, keys, token_key,
//                          modem, rate, seconds}
//
// Prints a JSON object a line: {check} and {ask}, see script/peers.mjs, and at the end {figures,
// serial, dialogue, emulated_ms}. Exit codes are those of run.mjs.
import { readFileSync } from "node:fs";
import { Bed } from "./script/bed.mjs";
import { Checks } from "./script/checks.mjs";
import { Dialogue } from "./script/dialogue.mjs";
import { LineError } from "./script/line.mjs";
import { LinkLife } from "./script/link-life.mjs";
import { Pace } from "./script/pace.mjs";
import { PeerError, Peers } from "./script/peers.mjs";
import { Tty } from "./script/tty.mjs";
import { InputError, readBootrom, readUf2 } from "./silicon/uf2.mjs";

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function run(task) {
  const modem = new Tty(task.modem);
  const dialogue = new Dialogue(() => bed.pico.milliseconds);
  const bed = await Bed.make({
    image: readUf2(task.uf2),
    bootrom: readBootrom(task.bootrom),
    start: task.start,
    closed: true,
    onModem: (byte) => {
      dialogue.meter(byte);
      modem.write(byte);
    },
  });
  const pace = new Pace(bed.pico, task.rate);
  bed.line.beside = () => {
    const came = modem.read();
    if (came.length) {
      dialogue.modem(came);
      bed.fromModem(came);
    }
    pace.keep();
  };
  const checks = new Checks(() => bed.pico.milliseconds, (check) => print({ check }));
  const life = new LinkLife(bed, checks, new Peers(print), dialogue, task);
  try {
    life.run();
  } catch (error) {
    if (!(error instanceof LineError || error instanceof PeerError)) throw error;
    checks.check("the scenario", "goes on", error.message, false);
  }
  life.figures.longest_lag_ms = pace.longestLagMs;
  print({
    figures: life.figures, serial: bed.line.text, dialogue: dialogue.lines,
    emulated_ms: bed.pico.milliseconds,
  });
  return checks.failed ? 1 : 0;
}

try {
  process.exitCode = await run(JSON.parse(readFileSync(process.argv[2], "utf8")));
} catch (error) {
  const text = error instanceof InputError ? `error: ${error.message}` : error.stack;
  process.stderr.write(`${text}\n`);
  process.exitCode = 2;
}
process.exit();
