"""The counter where the live meter's customer buys tokens: a key that everybody may know."""

from datetime import UTC, datetime

from tools.vend import sts

BASE = 1993
"""The recorded loads are of 2007 and 2008."""
_KEY = bytes(range(16))
DECODER = {"key": _KEY.hex(), "base": BASE}
"""The document of the meter's decoder key: of the bench, no secret."""
AMOUNT_TENTHS = 100
"""10 kWh."""

_sold = 0


def sell(when: str) -> str:
    """Return the digits of a credit of 10 kWh at a time of the meter, ISO 8601; each is another
    purchase."""
    global _sold
    tid = max(_sold + 1, sts.tid_at(datetime.fromisoformat(when).replace(tzinfo=UTC), BASE))
    _sold = tid
    return sts.with_tid(_KEY, sts.CREDIT, 0, tid, AMOUNT_TENTHS, 5)
