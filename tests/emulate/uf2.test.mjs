// What the emulator says to files that are not what it needs.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { InputError, readBootrom, readUf2 } from "../../tools/emulate/silicon/uf2.mjs";

const folder = mkdtempSync(join(tmpdir(), "uf2-"));
after(() => rmSync(folder, { recursive: true }));

function block({ start = 0x0a324655, address = 0x10000000, size = 256, family = 0xe48bff56 }) {
  const bytes = Buffer.alloc(512);
  [start, 0x9e5d5157, 0x2000, address, size, 0, 1, family].forEach((word, i) => {
    bytes.writeUInt32LE(word, i * 4);
  });
  bytes.fill(0xa5, 32, 32 + size);
  bytes.writeUInt32LE(0x0ab16f30, 508);
  return bytes;
}

function file(...blocks) {
  const path = join(folder, "file.uf2");
  writeFileSync(path, Buffer.concat(blocks));
  return path;
}

function refused(path, pattern, read = readUf2) {
  assert.throws(() => read(path), (error) => error instanceof InputError && pattern.test(error.message));
}

test("a block goes to its place", () => {
  const image = readUf2(file(block({ address: 0x10000100 })));
  assert.deepEqual([image[0xff], image[0x100], image[0x1ff], image[0x200]], [255, 0xa5, 0xa5, 255]);
});

test("blocks of the RP2350's absolute family are passed over", () => {
  const image = readUf2(file(block({ family: 0xe48bff57, address: 0x10ffff00 }), block({})));
  assert.equal(image[0], 0xa5);
});

test("bad files are refused by name, value and rule", () => {
  refused(join(folder, "none"), /none: cannot be read: ENOENT/);
  refused(file(Buffer.alloc(100)), /100 bytes: a UF2 file has whole blocks of 512/);
  refused(file(), /0 bytes/);
  refused(file(block({}), block({ start: 0 })), /block 1: has not the marks of UF2/);
  refused(file(block({ family: 0xe48bff59 })), /family 0xe48bff59: must be 0xe48bff56, RP2040/);
  refused(file(block({ address: 0x10200000 })), /goes to 0x10200000: the flash is 0x10000000 to/);
  refused(file(block({ address: 0x20000000 })), /goes to 0x20000000/);
  refused(file(block({ family: 0xe48bff57 })), /no block in it is for the RP2040/);
});

test("a boot ROM has 16 KiB and its mark", () => {
  refused(file(Buffer.alloc(100)), /100 bytes: the boot ROM has 16384/, readBootrom);
  refused(file(Buffer.alloc(16384)), /has not the mark/, readBootrom);
  const rom = Buffer.alloc(16384);
  rom.set([0x4d, 0x75, 0x01, 0x02], 0x10);
  assert.equal(readBootrom(file(rom))[4], 0x0201754d);
});
