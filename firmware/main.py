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

from image_profile import NAME  # noqa: E402 - see above

import board  # noqa: E402
from joulegate import app  # noqa: E402

app.run(board, NAME)
