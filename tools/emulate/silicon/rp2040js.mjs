// The pinned rp2040js, where `make` installed it: build/emulate.
const HOME = "../../../build/emulate/node_modules/rp2040js/dist/esm/index.js";

let found;
try {
  found = await import(new URL(HOME, import.meta.url));
} catch (error) {
  throw new Error(`rp2040js is not there: run \`make setup\` (${error.message})`);
}
export const { BasePeripheral, ConsoleLogger, LogLevel, Simulator, USBCDC } = found;
