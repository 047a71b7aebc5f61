// Runs the acceptance scenario on an emulated RP2040.
//
//   node run.mjs TASK     TASK: JSON {uf2, bootrom, tariff, price, start, time, seed}
//
// Prints a JSON object a line: {check}, and at the end {figures, serial, checks}. Exit code 0:
// all passed, 1: a check failed, 2: an input is bad.
import { readFileSync } from "node:fs";
import { Acceptance } from "./script/acceptance.mjs";
import { Bed } from "./script/bed.mjs";
import { Checks } from "./script/checks.mjs";
import { chooseCuts } from "./script/cuts.mjs";
import { LineError } from "./script/line.mjs";
import { InputError, readBootrom, readUf2 } from "./silicon/uf2.mjs";

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function run(task) {
  const bed = await Bed.make({
    image: readUf2(task.uf2),
    bootrom: readBootrom(task.bootrom),
    start: task.start,
    closed: true,
  });
  const checks = new Checks(() => bed.pico.milliseconds, (check) => print({ check }));
  const acceptance = new Acceptance(bed, checks, task);
  try {
    acceptance.run(chooseCuts(task.seed));
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    checks.check("the scenario", "goes on", error.message, false);
  }
  const { figures } = acceptance;
  print({ figures, serial: bed.line.text, emulated_ms: bed.pico.milliseconds });
  return checks.failed ? 1 : 0;
}

try {
  process.exitCode = await run(JSON.parse(readFileSync(process.argv[2], "utf8")));
} catch (error) {
  // The stack alone: Node would print the source as well, megabytes for the WebAssembly port.
  const text = error instanceof InputError ? `error: ${error.message}` : error.stack;
  process.stderr.write(`${text}\n`);
  process.exitCode = 2;
}
