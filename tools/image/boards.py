"""The boards that images are made for, and what official MicroPython v1.28 has on them.

Sources, all of MicroPython v1.28.0: ports/rp2/boards/RPI_PICO*/mpconfigboard.h and
rp2_flash.c for the storage, which lies at the end of the flash; ports/esp32/main.c, which makes
the storage of what the partition table leaves over; ports/rp2/modules/_boot.py (256 bytes a
program operation) and extmod/vfs_lfs.c (32 unless told otherwise). Family ids of UF2:
boot/uf2.h of the Pico SDK. Chip ids: esp_app_format.h of ESP-IDF.
"""

from dataclasses import dataclass
from enum import StrEnum

from tools.image.errors import ImageError

KIB = 1024
BLOCK = 4096
"""Flash is erased by 4 KiB on every board."""
VERSION = "1.28"
"""The MicroPython that images are made for; its .mpy files have format 6.3."""


class Family(StrEnum):
    """How a board is flashed: by UF2 or by esptool. The value is MicroPython's port."""

    RP2 = "rp2"
    ESP32 = "esp32"


@dataclass(frozen=True)
class Board:
    """One board. Sizes in bytes; offsets count from the start of the flash.

    march: mpy-cross's name of the architecture, for native code. official: the name of the
    board that MicroPython offers downloads for. heap: bytes free after the start of official
    MicroPython, from heap_source. chip: UF2 family id, or ESP-IDF chip id. sdk_board: what the
    Pico SDK calls it in a program's binary information.
    """

    name: str
    family: Family
    march: str
    official: str
    flash: int
    storage: tuple[int, int]
    program: int
    heap: int
    heap_source: str
    chip: int
    chip_name: str
    sdk_board: str = ""
    file_offset: int = 0


_EMULATED = "measured on an emulated RP2040, v1.28.0"
_REPORTED = "reported for v1.24.1: 47,600 free and 110,592 to grow by; before Wi-Fi is on"
_RP2040, _RP2350 = 0xE48BFF56, 0xE48BFF59

BOARDS = {board.name: board for board in (
    Board("METER_RP2040", Family.RP2, "armv6m", "RPI_PICO", 2048 * KIB,
          (640 * KIB, 1408 * KIB), 256, 241776, _EMULATED, _RP2040, "RP2040", "pico"),
    Board("METER_RP2040_W", Family.RP2, "armv6m", "RPI_PICO_W", 2048 * KIB,
          (1200 * KIB, 848 * KIB), 256, 176000, "a cautious figure, not measured",
          _RP2040, "RP2040", "pico_w"),
    Board("METER_RP2350", Family.RP2, "armv7emsp", "RPI_PICO2", 4096 * KIB,
          (1024 * KIB, 3072 * KIB), 256, 490000,
          "computed: a v1.28.0 build leaves 509,240 bytes to the heap and its tables",
          _RP2350, "RP2350", "pico2"),
    Board("METER_ESP32", Family.ESP32, "xtensawin", "ESP32_GENERIC", 4096 * KIB,
          (2048 * KIB, 2048 * KIB), 32, 158192, _REPORTED, 0, "ESP32", file_offset=0x1000),
    Board("METER_ESP32_S3", Family.ESP32, "xtensawin", "ESP32_GENERIC_S3", 8192 * KIB,
          (2048 * KIB, 6144 * KIB), 32, 158192, "that of the ESP32, which has less",
          9, "ESP32-S3"),
)}


def board(name: str) -> Board:
    """Return the board of this name; ImageError for one that takes no image."""
    if name == "BENCH":
        raise ImageError("board BENCH: it is simulated and takes no image; it runs by `make run`")
    if name not in BOARDS:
        raise ImageError(f"board {name!r}: must be one of {', '.join(BOARDS)}")
    return BOARDS[name]
