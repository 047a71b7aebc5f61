"""The whole firmware on a small heap: start, provision, meter, commit, credit, meter on.

usage: micropython -X heapsize=128wK whole_firmware.py IMAGE

IMAGE is a file for the flash, so that only the firmware is on the heap. Prints {"free": bytes
free in steady state after a collection, "total": bytes, "ticks": n}.
"""

import gc
import json
import sys

import lean_board
import vfs
from benchmarks.documents import TIERED_TIME_OF_USE
from benchmarks.file_flash import FileFlash

from joulegate.app import App

TICKS = 5000


def main(image: str) -> None:
    flash = FileFlash(image)
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), lean_board.FOLDER)
    app = App(lean_board)
    app.start()
    document = json.dumps(TIERED_TIME_OF_USE).encode()
    app.provision(document, 5)
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
    print(json.dumps({"free": free, "total": free + gc.mem_alloc(), "ticks": TICKS}))


main(sys.argv[1])
