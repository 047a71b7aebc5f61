"""Before anything else: Ctrl-C no longer stops what runs, and the relay lines are off.

The pull-downs of the relay driver hold the lines at reset; this keeps them low from here on.
"""

from micropython import kbd_intr

kbd_intr(-1)

import board  # noqa: E402 - it takes its time, and nothing must come before the line above

board.relay()
