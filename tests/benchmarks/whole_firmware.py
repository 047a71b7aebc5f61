"""The whole firmware on a small heap: start, provision, meter, commit, credit, meter on.

usage: micropython -X heapsize=128wK whole_firmware.py IMAGE

IMAGE is a file for the flash, so that only the firmware is on the heap. Prints {"free": bytes
free in steady state after a collection, "total": bytes, "ticks": n}.

On a 64-bit port heapsize=128wK gives 256 KiB. Objects there are twice as long as on a board, but
bytecode is not, so this flatters code that is compiled on the heap; frozen code takes none.
"""

import gc
import json
import sys

import vfs
from benchmarks.file_flash import FileFlash

FOLDER = "/lean"
TICKS = 5000


def mount(image: str) -> None:
    """Mount the file system before the firmware is imported, as a board's boot does."""
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


mount(sys.argv[1])
main()
