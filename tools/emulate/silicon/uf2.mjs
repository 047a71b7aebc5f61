// Reads the files that the user brings: UF2 images and the boot ROM.
// Source: the UF2 specification (github.com/microsoft/uf2) and its list of families; RP2040 data
// sheet, 2.8.3 (boot ROM contents).
import { readFileSync } from "node:fs";
import { FLASH_BYTES } from "./nor-flash.mjs";

const BLOCK = 512;
const MAGIC_START_0 = 0x0a324655;
const MAGIC_START_1 = 0x9e5d5157;
const MAGIC_END = 0x0ab16f30;
const NOT_MAIN_FLASH = 0x1;
const FAMILY_PRESENT = 0x2000;
const RP2040 = 0xe48bff56;
const ABSOLUTE = 0xe48bff57;
const DATA_MAX = 476;
const XIP_BASE = 0x10000000;

const BOOTROM_BYTES = 16 << 10;
const BOOTROM_MAGIC = [0x4d, 0x75, 0x01];

export class InputError extends Error {}

function hex(value) {
  return `0x${value.toString(16)}`;
}

// Write the blocks of a UF2 file over `image`, a whole flash, blank unless given; returns it.
export function readUf2(path, image = new Uint8Array(FLASH_BYTES).fill(0xff)) {
  const file = read(path);
  if (!file.length || file.length % BLOCK) {
    throw new InputError(`${path}: ${file.length} bytes: a UF2 file has whole blocks of ${BLOCK}`);
  }
  let blocks = 0;
  for (let at = 0; at < file.length; at += BLOCK) blocks += takeBlock(path, file, at, image);
  if (!blocks) throw new InputError(`${path}: no block in it is for the RP2040's flash`);
  return image;
}

function takeBlock(path, file, at, image) {
  const where = `${path}: block ${at / BLOCK}`;
  const word = (place) => file.readUInt32LE(at + place);
  if (word(0) !== MAGIC_START_0 || word(4) !== MAGIC_START_1 || word(508) !== MAGIC_END) {
    throw new InputError(`${where}: has not the marks of UF2`);
  }
  const [flags, address, size, family] = [word(8), word(12), word(16), word(28)];
  if (flags & NOT_MAIN_FLASH || (flags & FAMILY_PRESENT && family === ABSOLUTE)) return 0;
  if (flags & FAMILY_PRESENT && family !== RP2040) {
    throw new InputError(`${where}: is for family ${hex(family)}: must be ${hex(RP2040)}, RP2040`);
  }
  if (size > DATA_MAX) throw new InputError(`${where}: holds ${size} bytes: at most ${DATA_MAX}`);
  const offset = address - XIP_BASE;
  if (offset < 0 || offset + size > image.length) {
    throw new InputError(
      `${where}: goes to ${hex(address)}: the flash is ${hex(XIP_BASE)} to ` +
        `${hex(XIP_BASE + image.length - 1)}`,
    );
  }
  image.set(file.subarray(at + 32, at + 32 + size), offset);
  return 1;
}

// Return the boot ROM as words.
export function readBootrom(path) {
  const file = read(path);
  if (file.length !== BOOTROM_BYTES) {
    throw new InputError(`${path}: ${file.length} bytes: the boot ROM has ${BOOTROM_BYTES}`);
  }
  if (BOOTROM_MAGIC.some((byte, i) => file[0x10 + i] !== byte)) {
    throw new InputError(`${path}: has not the mark of the RP2040's boot ROM at 0x10`);
  }
  const words = new Uint32Array(BOOTROM_BYTES / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = file.readUInt32LE(i * 4);
  return words;
}

function read(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InputError(`${path}: cannot be read: ${error.code ?? error.message}`);
  }
}
