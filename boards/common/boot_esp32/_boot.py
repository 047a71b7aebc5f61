"""Runs first, frozen in place of MicroPython's own: mounts the storage, and never formats it.

The current folder stays the root, where nothing is stored: a file in the storage cannot stand
before a frozen module of its name. Without storage the meter runs as not provisioned.
"""

import vfs
from esp32 import Partition

try:
    for partition in Partition.find(Partition.TYPE_DATA, label="vfs"):
        vfs.mount(vfs.VfsLfs2(partition), "/flash")
except OSError:
    pass
