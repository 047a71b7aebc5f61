"""Runs first, frozen in place of MicroPython's own: mounts the storage, and never formats it.

The current folder stays the root, where nothing is stored: a file in the storage cannot stand
before a frozen module of its name. Without storage the meter runs as not provisioned.
"""

import rp2
import vfs

try:
    # Flash is programmed by pages of 256 bytes (RP2040 data sheet, section 4.10).
    vfs.mount(vfs.VfsLfs2(rp2.Flash(), progsize=256), "/flash")
except OSError:
    pass
