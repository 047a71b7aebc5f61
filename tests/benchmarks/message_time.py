"""From a message to the commit and its receipt, with littlefs on flash that is a file.

usage: micropython message_time.py IMAGE

Takes COUNT credits, as many settings, and as many messages that are not authentic. Prints
{"credit_ms": longest, "setting_ms": longest, "refused_ms": longest, "heap": bytes}, heap being
what a collection leaves of the modules, the keys and one meter's parts for messages.
"""

import gc
import json
import sys
import time

import vfs
from benchmarks.file_flash import FileFlash

FOLDER = "/flash"
COUNT = 200


def longest(accept: object, messages: list) -> float:
    """Return the milliseconds of the slowest of some messages."""
    slowest = 0
    for message in messages:
        gc.collect()
        began = time.ticks_us()
        accept(message)
        slowest = max(slowest, time.ticks_diff(time.ticks_us(), began))
    return slowest / 1000


def main() -> None:
    flash = FileFlash(sys.argv[1])
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), FOLDER)
    import parts  # noqa: F401

    gc.collect()
    before = gc.mem_alloc()
    from joulegate.vending import message_service  # noqa: F401

    gc.collect()
    heap = gc.mem_alloc() - before
    from message_rig import ADMINISTRATOR, VENDING, Rig, seal

    rig = Rig(FOLDER)
    credits = [seal(VENDING, n, {0: 1, 2: 1000 + n, 3: 1000}) for n in range(1, COUNT)]
    values = [seal(ADMINISTRATOR, n, {0: 7, 2: "cut_off", 3: -n}) for n in range(1, COUNT)]
    wrong = [seal(VENDING, n, {0: 1, 2: 2000 + n, 3: 1}, key=bytes(range(16)))
             for n in range(1, COUNT)]
    print(json.dumps({
        "credit_ms": longest(rig.accept, credits), "setting_ms": longest(rig.accept, values),
        "refused_ms": longest(rig.accept, wrong), "heap": heap}))


main()
