"""Run the meter of this board.

MicroPython gives Ctrl-C its meaning back before every file that it runs by itself, so it is
taken away here once more; see boot.py.
"""

from micropython import kbd_intr

kbd_intr(-1)

import gc  # noqa: E402 - imports take their time, and nothing must come before the line above

from joulegate.loading import IN_USE_BYTES  # noqa: E402 - the same

# Before the other modules: they stay where they are loaded.
gc.threshold(IN_USE_BYTES)

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
