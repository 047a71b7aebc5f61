"""Run the meter of this board.

MicroPython gives Ctrl-C its meaning back before every file that it runs by itself, so it is
taken away here once more; see boot.py.
"""

from micropython import kbd_intr

kbd_intr(-1)

from image_profile import NAME  # noqa: E402 - imports take their time, and nothing comes before

import board  # noqa: E402 - the same
from joulegate import app  # noqa: E402 - the same

app.run(board, NAME)
