"""Files as MicroPython offers them for download, made here from the formats' own descriptions.

UF2: the specification of Microsoft, and pico_binary_info/defs.h and structure.h of the Pico SDK
for what a program says of itself. ESP32: "Partition Tables" of the ESP-IDF Programming Guide and
"Firmware Image Format" of esptool's documentation.
"""

import hashlib
import struct
from dataclasses import dataclass

FLASH = 0x10000000
RP2040, RP2350 = 0xE48BFF56, 0xE48BFF59
PICO_STORAGE = (640 * 1024, 1408 * 1024)


def uf2_block(address: int, payload: bytes, number: int, count: int, family: int = RP2040,
              flags: int = 0x2000) -> bytes:
    block = struct.pack("<IIIIIIII", 0x0A324655, 0x9E5D5157, flags, address, len(payload),
                        number, count, family)
    return (block + payload).ljust(508, b"\0") + struct.pack("<I", 0x0AB16F30)


def e10_block() -> bytes:
    """The block that picotool puts in front of files for the RP2350."""
    block = uf2_block(0x10FFFF00, b"\xef" * 256, 0, 2, 0xE48BFF57, 0xA000)
    return block[:288] + struct.pack("<I", 0x9957E304) + block[292:]


@dataclass
class Pico:
    """A program for an RP2 chip that says it is MicroPython."""

    version: str = "v1.28.0"
    board: str = "pico"
    name: str = "MicroPython"
    storage: tuple[int, int] = PICO_STORAGE
    romfs: tuple[int, int] | None = None
    family: int = RP2040
    size: int = 20 * 1024

    def program(self) -> bytes:
        """Header at 0x1d4 as in MicroPython's image, entries and texts behind it."""
        image = bytearray(b"\x5a" * self.size)
        texts, entries = bytearray(), bytearray()
        text_at, entry_at, list_at = 0x2000, 0x3000, 0x1000
        pointers = []

        def text(value: str) -> int:
            address = FLASH + text_at + len(texts)
            texts.extend(value.encode() + b"\0")
            return address

        def entry(data: bytes) -> None:
            pointers.append(FLASH + entry_at + len(entries))
            entries.extend(data.ljust(24, b"\0"))

        for identity, value in ((0x02031C86, self.name), (0x11A9BC3A, self.version),
                                (0xB63CFFBB, self.board)):
            entry(struct.pack("<HHII", 6, 0x5052, identity, text(value)))
        entry(struct.pack("<HHIi", 5, 0x5052, 0x68F465DE, FLASH + self.size))
        devices = [("MicroPython", self.storage)]
        if self.romfs:
            devices.append(("ROMFS", self.romfs))
        for label, (offset, size) in devices:
            entry(struct.pack("<HHIIIIH", 7, 0x504D, text(label), FLASH + offset, size, 0, 3))
        listing = struct.pack(f"<{len(pointers)}I", *pointers)
        header = struct.pack("<5I", 0x7188EBF2, FLASH + list_at, FLASH + list_at + len(listing),
                             FLASH + 0x238, 0xE71AA390)
        for at, data in ((0x1D4, header), (list_at, listing), (text_at, texts),
                         (entry_at, entries)):
            image[at:at + len(data)] = data
        return bytes(image)

    def blocks(self) -> list[bytes]:
        data = self.program()
        count = len(data) // 256
        return [uf2_block(FLASH + 256 * i, data[256 * i:256 * i + 256], i, count, self.family)
                for i in range(count)]

    def uf2(self) -> bytes:
        first = e10_block() if self.family == RP2350 else b""
        return first + b"".join(self.blocks())


def partition(label: str, kind: int, subtype: int, offset: int, size: int) -> bytes:
    return struct.pack("<2sBBII16sI", b"\xaa\x50", kind, subtype, offset, size,
                       label.encode(), 0)


GENERIC = (("nvs", 1, 2, 0x9000, 0x6000), ("phy_init", 1, 1, 0xF000, 0x1000),
           ("factory", 0, 0, 0x10000, 0x1F0000))


def app_image(chip: int, content: bytes) -> bytes:
    """An image of one segment, with checksum and SHA-256."""
    content = content.ljust(-(-len(content) // 4) * 4, b"\0")
    header = struct.pack("<BBBBI", 0xE9, 1, 2, 0x2F, 0x40080000)
    header += b"\xee\0\0\0" + struct.pack("<H", chip) + bytes(9) + b"\x01"
    image = header + struct.pack("<II", 0x3F400020, len(content)) + content
    checksum = 0xEF
    for byte in content:
        checksum ^= byte
    image += bytes(15 - len(image) % 16) + bytes([checksum])
    return image + hashlib.sha256(image).digest()


@dataclass
class Esp32:
    """A file for an ESP32 chip: boot loader, partition table, application."""

    version: str = "v1.28.0"
    chip: int = 0
    app_chip: int | None = None
    start: int = 0x1000
    table: tuple[tuple[str, int, int, int, int], ...] = GENERIC
    md5: bytes = b""
    size: int = 6000

    def bin(self) -> bytes:
        entries = b"".join(partition(*row) for row in self.table)
        md5 = self.md5 or hashlib.md5(entries).digest()
        entries += b"\xeb\xeb" + b"\xff" * 14 + md5
        banner = f"3.4.0; MicroPython {self.version} on 2026-04-01\0".encode()
        chip = self.chip if self.app_chip is None else self.app_chip
        app = app_image(chip, banner + b"\x3c" * self.size)
        loader = app_image(self.chip, b"boot" * 1000)
        data = loader.ljust(0x8000 - self.start, b"\xff") + entries.ljust(0xC00, b"\xff")
        return data.ljust(0x10000 - self.start, b"\xff") + app
