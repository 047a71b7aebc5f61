// The RP2040's serial flash interface (SSI) with a flash chip behind it, and the pad override
// that drives its chip select.
// Source: RP2040 data sheet, 4.10 (SSI) and 2.19.6.2 (IO_QSPI).
//
// rp2040js only stubs the SSI: erase and program of the boot ROM do nothing there, silently.
// Reads by the processor (XIP) do not come here; rp2040js takes them from `mcu.flash`.
import { NorFlash } from "./nor-flash.mjs";
import { BasePeripheral } from "./rp2040js.mjs";

const SSI_PAGE = 0x18000;
const IO_QSPI_PAGE = 0x40018;

const CTRLR0 = 0x00;
const SSIENR = 0x08;
const TXFLR = 0x20;
const RXFLR = 0x24;
const SR = 0x28;
const IDR = 0x58;
const VERSION_ID = 0x5c;
const DR0 = 0x60;
const SR_TFNF_TFE = 0x06;
const SR_RFNE = 0x08;
const RX_DEPTH = 16;

const GPIO_QSPI_SS_CTRL = 0x0c;
const OUTOVER_LOW = 2;
const OUTOVER_HIGH = 3;

class Ssi extends BasePeripheral {
  constructor(mcu, flash) {
    super(mcu, "SSI");
    this.flash = flash;
    this.registers = new Map();
    this.received = [];
    this.override = 0;
  }

  readUint32(offset) {
    switch (offset) {
      case TXFLR:
        return 0;
      case RXFLR:
        return this.received.length;
      case SR:
        if (this.override !== OUTOVER_LOW) this.flash.deselect();
        return SR_TFNF_TFE | (this.received.length ? SR_RFNE : 0);
      case IDR:
        return 0x51535049;
      case VERSION_ID:
        return 0x3430312a;
      case DR0:
        return this.received.shift() ?? 0;
      default:
        return this.registers.get(offset) ?? 0;
    }
  }

  writeUint32(offset, value) {
    if (offset === DR0) {
      this.#exchange(value & 0xff);
      return;
    }
    if (offset === SSIENR && !(value & 1)) {
      this.received = [];
      if (this.override !== OUTOVER_LOW) this.flash.deselect();
    }
    this.registers.set(offset, value);
  }

  // Only frames of the standard format reach the chip: the others are those of XIP.
  #exchange(byte) {
    const enabled = this.registers.get(SSIENR) & 1;
    const standard = (((this.registers.get(CTRLR0) ?? 0) >> 21) & 3) === 0;
    if (!enabled || !standard) return;
    if (!this.flash.selected && this.override !== OUTOVER_HIGH) this.flash.select();
    const answer = this.flash.selected ? this.flash.exchange(byte) : 0xff;
    if (this.received.length < RX_DEPTH) this.received.push(answer);
  }

  overrideSelect(mode) {
    this.override = mode;
    if (mode !== OUTOVER_LOW) this.flash.deselect();
    else if (!this.flash.selected) this.flash.select();
  }
}

class IoQspi extends BasePeripheral {
  constructor(mcu, ssi) {
    super(mcu, "IO_QSPI");
    this.ssi = ssi;
    this.control = new Map();
  }

  readUint32(offset) {
    return this.control.get(offset) ?? 0;
  }

  writeUint32(offset, value) {
    this.control.set(offset, value);
    if (offset === GPIO_QSPI_SS_CTRL) this.ssi.overrideSelect((value >> 8) & 3);
  }
}

// Put a flash chip on `mcu`, with `mcu.flash` as its memory. `onCut` as in NorFlash.
export function attachFlash(mcu, onCut) {
  const { clock } = mcu;
  const flash = new NorFlash(mcu.flash, () => clock.nanos, (ns) => clock.tick(ns), onCut);
  const ssi = new Ssi(mcu, flash);
  mcu.peripherals[SSI_PAGE] = ssi;
  mcu.peripherals[IO_QSPI_PAGE] = new IoQspi(mcu, ssi);
  return flash;
}
