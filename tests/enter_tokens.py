"""A meter on MicroPython that is given tokens: enter_tokens.py FOLDER KEY BASE < LINES.

Every line is a carrier's number and 20 digits, or `restart`, or `wait SECONDS`. Prints a JSON
list with an object a token.
"""

import json
import sys
from binascii import unhexlify

from parts import NOON
from token_meter import NO_TIME, Meter

from joulegate.vending.sts_keys import DecoderKey


def main() -> None:
    folder, key, base = sys.argv[1:]
    meter = Meter(folder, DecoderKey(unhexlify(key), base=int(base)))
    said = []
    for line in sys.stdin.read().split("\n"):
        first, _, rest = line.partition(" ")
        if first == "restart":
            meter.restart()
        elif first == "wait":
            meter.entry.pass_s(int(rest), NOON)
        elif first:
            entered = meter.enter(rest, int(first), NO_TIME)
            said.append({
                "reason": entered.reason, "units": entered.units, "waiting": entered.waiting,
                "balance": entered.balance, "deeds": meter.deeds.done})
    print(json.dumps(said))


main()
