"""Before anything else: relay lines off, so that no coil is driven while the meter starts.

The pull-downs of the relay driver hold the lines at reset; this keeps them low from here on.
"""

import board

board.relay()
