"""Decode 20-digit tokens with the firmware's decoder, without a meter's state.

usage: micropython decode_token.py KEY BASE KEN TABLES TOKEN...

KEY is the decoder key in hexadecimal, 32 digits for EA11 or 16 for EA07, for which TABLES names
the file of substitution tables; otherwise it is empty. Prints one JSON list, an object a token.
"""

import binascii
import json
import sys

from joulegate.core.civil import date_of
from joulegate.vending import sts_token
from joulegate.vending.sts_ea07 import load_tables
from joulegate.vending.sts_keys import EA07, EA11, DecoderKey
from joulegate.vending.sts_time import minute_of
from joulegate.vending.sts_token import TokenError


def decode(text: str, key: DecoderKey, cipher: object) -> dict:
    """Return what a token says, or its error."""
    try:
        cls, block = sts_token.parse(text)
        token = sts_token.read(cls, block, cipher)
        if token.tid is not None and token.tid >> 16 > key.ken:
            raise TokenError(
                sts_token.KEY_EXPIRED, "tid %d is beyond key expiry %d" % (token.tid, key.ken))
    except TokenError as e:
        return {"error": e.reason, "text": str(e)}
    said = {"class": token.cls, "subclass": token.sub}
    if token.tid is not None:
        said["tid"] = token.tid
        said["issued"] = _time(minute_of(token.tid, key.base))
    if token.cls == sts_token.DISPLAY:
        said["value"] = token.control
        said["manufacturer"] = token.manufacturer
    elif token.key_section:
        # What stands in the section, and its 32 bits of the key.
        said["head"] = token.head
        said["value"] = "%04x%04x" % (token.middle, token.low)
    elif token.cls == sts_token.CREDIT:
        said["tenths"] = token.value
    else:
        said["value"] = token.value
    return said


def _time(minute: int) -> str:
    year, month, day = date_of(minute // 1440)
    return "%d-%02d-%02dT%02d:%02d:00Z" % (
        year, month, day, minute % 1440 // 60, minute % 60)


def main() -> None:
    bits = binascii.unhexlify(sys.argv[1])
    key = DecoderKey(
        bits, EA07 if len(bits) == 8 else EA11, int(sys.argv[2]), int(sys.argv[3]))
    cipher = key.cipher(load_tables(sys.argv[4]) if sys.argv[4] else None)
    print(json.dumps([decode(text, key, cipher) for text in sys.argv[5:]]))


main()
