"""Which modems the firmware has a driver for.

usage: micropython known_modems.py MODEL...

Prints a JSON list: for each model, as AT+CGMM names it, whether it is known.
"""

import json
import sys

from joulegate.link.errors import LinkError
from joulegate.link.modem.family_finder import family_of


def known(model: str) -> bool:
    try:
        family_of(model)
        return True
    except LinkError:
        return False


print(json.dumps([known(model) for model in sys.argv[1:]]))
