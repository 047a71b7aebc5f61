"""How much energy may pass between two commits at least: what the ledger's memory outlives.

FRAM does not wear in a meter's life. Flash does: the figures are those of `make bench`, for
20 kW day and night over 20 years.
"""

import os

from micropython import const

FRAM_WH = const(10)
AMPLE_WH = const(100)
SMALL_WH = const(360)

_AMPLE_BYTES = const(1048576)


def least_Wh(in_fram: bool, folder: str) -> int:
    """Return the fewest Wh between commits; folder: where the files of the storage stand.

    Storage that cannot be asked counts as small.
    """
    if in_fram:
        return FRAM_WH
    try:
        facts = os.statvfs(folder)
    except OSError:
        return SMALL_WH
    # Multiplied by what divides it away again: a large disk has more bytes than an int.
    return AMPLE_WH if facts[2] >= _AMPLE_BYTES // facts[1] else SMALL_WH
