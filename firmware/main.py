"""Run the meter of this board.

MicroPython gives Ctrl-C its meaning back before every file that it runs by itself, so it is
taken away here once more; see boot.py.
"""

from micropython import kbd_intr

kbd_intr(-1)

import gc  # noqa: E402 - imports take their time, and nothing must come before the line above

# Collecting often while modules load leaves the heap in one piece (97 kB instead of 3 kB on an
# RP2040); left on, it would cost every tick, so `run` ends it when all is loaded.
gc.threshold(32768)

# The frames of calls come from the heap, by first fit. A hole near its beginning, kept open until
# all is loaded, spares each call the search past all of it: 3 ms a tick on an RP2040.
room = [bytearray(16384)]


def loaded() -> None:
    """Open the hole."""
    room.clear()
    gc.collect()


from image_profile import NAME  # noqa: E402 - see above

import board  # noqa: E402
from joulegate import app  # noqa: E402

app.run(board, NAME, loaded)
