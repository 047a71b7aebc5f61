// What is soldered between the chip and the world: the metering IC's bus, the relay's coils and
// the three inputs. Called for every reset anew: the chip's side of a wire does not outlive it.
import { COVER, LOAD_SIDE, POWER_GOOD } from "./world.mjs";

const SPI_POLARITY = 1 << 6;
const SPI_PHASE = 1 << 7;
const LONGEST_GAP_MS = 6;

// Chip select and bytes of the metering IC (mode 3, RP2040 data sheet 4.4: SSPCR0.SPO and SPH).
// A byte is answered when its eight bits have been on the wire: at once, the receive FIFO would
// overrun under DMA. `seen` is told of `frame()`, `byte(value, nanos)` and `fault(text)`.
export function wireMeteringIc(pico, world, seen) {
  const { mcu, clock } = pico;
  const spi = mcu.spi[world.pins.METER_SPI];
  let answer = 0xff;
  let lastByte = null;
  const done = clock.createAlarm(() => {
    lastByte = clock.nanos;
    spi.completeTransmit(answer);
  });
  mcu.gpio[world.pins.METER_CS].addListener((level) => {
    if (level > 1) return; // not driven: the board's resistor holds it high
    lastByte = null;
    if (level === 0) seen.frame();
    world.select(level);
  });
  spi.onTransmit = (byte) => {
    const nanos = 8e9 / spi.clockFrequency;
    const mode3 = SPI_POLARITY | SPI_PHASE;
    if ((spi.control0 & mode3) !== mode3) {
      seen.fault(`SPI in another mode than 3 (SSPCR0 0x${spi.control0.toString(16)})`);
      answer = 0xff;
    } else {
      const gap = lastByte === null ? 0 : (clock.nanos - lastByte) / 1e6;
      if (gap > LONGEST_GAP_MS) world.pause(Math.floor(gap));
      answer = world.exchange(byte);
    }
    seen.byte(byte, nanos);
    done.schedule(nanos);
  };
}

// The coils' lines to the relay, its contact to the load-side detector.
export function wireRelay(pico, world) {
  const { mcu, clock } = pico;
  const move = clock.createAlarm(() => {
    world.settle();
    driveInputs(pico, world);
  });
  const coils = [[world.pins.RELAY_CLOSE, true], [world.pins.RELAY_OPEN, false]];
  for (const [pin, closing] of coils) {
    mcu.gpio[pin].addListener((level) => {
      move.cancel();
      const next = world.coil(closing, level === 1 ? 1 : 0);
      if (next !== null) move.schedule(next + 1000);
      driveInputs(pico, world);
    });
  }
}

// Put the levels of the board's three inputs on their pins.
export function driveInputs(pico, world) {
  if (!pico.powered) return;
  const { inputs } = world;
  const { gpio } = pico.mcu;
  gpio[world.pins.LOAD_SIDE].setInputValue(!!(inputs & LOAD_SIDE));
  gpio[world.pins.POWER_GOOD].setInputValue(!!(inputs & POWER_GOOD));
  gpio[world.pins.COVER].setInputValue(!!(inputs & COVER));
}
