"""The whole firmware on a small heap: start, provision, meter, commit, credit, meter on.

usage: micropython -X heapsize=N whole_firmware.py IMAGE ROMFS [keys]

IMAGE is a file for the flash, so that only the firmware is on the heap. ROMFS is a file with the
firmware compiled: its bytecode stays where it is, as on a board. It lies on the heap as one
block, which N has to allow for and which is not counted. With `keys` the meter takes tokens and
messages, and is given one of each. Prints {"free": bytes free in steady
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
ROLES = ("vending", "administrator", "technician", "meter")


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


def install_keys(app: object) -> None:
    """Give the meter keys of both kinds, as a host does."""
    app.entrance.install_token_key({"key": "0123456789abcdef" * 2})
    app.entrance.install_message_keys(
        [{"role": role, "kid": "0%d" % i, "key": "0%d23456789abcdef" % i * 2}
         for i, role in enumerate(ROLES)], False)


def use_keys(app: object) -> None:
    """Have everything imported that a token and a message need."""
    if app.enter_token("0" * 19 + "7", 2).reason != "crc":
        raise RuntimeError("token: is not refused for its check sum")
    body = b"\xd0\x83\x43\xa1\x01\x0a\xa2\x04\x41\x00\x06\x41\x05\x4e" + b"x" * 14
    if app.accept_message(body, 4).status != 5:
        raise RuntimeError("message: is not refused for its tag")


def main() -> None:
    import lean_board
    from benchmarks.documents import TIERED_TIME_OF_USE

    from joulegate.app import App

    gc.collect()
    app = App(lean_board)
    app.start()
    document = json.dumps(TIERED_TIME_OF_USE).encode()
    keyed = len(sys.argv) > 3
    if keyed:
        install_keys(app)
    app.provision("01234567890", document, 5)
    if keyed:
        use_keys(app)
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
