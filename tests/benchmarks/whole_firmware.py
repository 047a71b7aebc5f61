"""The whole firmware on a small heap: start, provision, meter, commit, credit, meter on.

usage: micropython -X heapsize=N whole_firmware.py IMAGE ROMFS

IMAGE is a file for the flash, so that only the firmware is on the heap. ROMFS is a file with the
firmware compiled: its bytecode stays where it is, as on a board. It lies on the heap as one
block, which N has to allow for and which is not counted. Prints {"free": bytes free in steady
state after a collection, "total": bytes, "ticks": n}.

On a 64-bit port 192wK is 384 KiB; objects there are twice as long as on a board, or nearly, and
from ROMFS the names of all things are on the heap, which a frozen image keeps in flash.
"""

import gc
import json
import os
import sys

import vfs
from benchmarks.file_flash import FileFlash

FOLDER = "/lean"
TICKS = 5000


def mount(image: str, romfs: str) -> None:
    """Mount the file systems before the firmware is imported, as a board's boot does."""
    global rom
    rom = bytearray(os.stat(romfs)[6])
    with open(romfs, "rb") as f:
        f.readinto(rom)
    vfs.mount(vfs.VfsRom(rom), "/rom")
    sys.path.insert(0, "/rom")
    flash = FileFlash(image)
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), FOLDER)


def main() -> None:
    import lean_board
    from benchmarks.documents import TIERED_TIME_OF_USE

    from joulegate.app import App

    gc.collect()
    app = App(lean_board)
    app.start()
    document = json.dumps(TIERED_TIME_OF_USE).encode()
    app.provision("01234567890", document, 5)
    del document
    for tick in range(TICKS):
        lean_board.chip.registers[0x40] = tick % 178
        app.metering.step()
        if tick % 500 == 0:
            receipt = app.gate.credit(tick + 1, 500000, app.clock.now())
            if not receipt.accepted:
                raise RuntimeError(receipt.reason)
    if app.state.billing.audit():
        raise RuntimeError(app.state.billing.audit())
    gc.collect()
    free = gc.mem_free()
    total = free + gc.mem_alloc() - len(rom)
    print(json.dumps({"free": free, "total": total, "ticks": TICKS}))


mount(sys.argv[1], sys.argv[2])
main()
