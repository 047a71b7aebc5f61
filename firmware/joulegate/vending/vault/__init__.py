"""Where the meter's keys lie. One interface, whatever protects them:

    has(name)           whether there is, or must be, a secret of this name
    read(name)          its bytes; OSError ENOENT when there is none, VaultError when what there
                        is cannot be believed or unsealed
    write(name, data)   all of it or nothing; OSError, and then the old one holds
    problem             what the last read or write found wrong, though it succeeded; else ""
    where               for a report: where it is

A secret is a frame of 13 to 424 bytes, the same in every vault: magic (4), version (1), sequence
(4, rising with each write), content, CRC-32 of all before (4), little-endian. So moving one from
vault to vault copies bytes, and of two copies the newer one is known. `keys.py` and `sts_keys.py`
own the contents, `choice.py` knows which vault a board gets.
"""

from micropython import const

RING = "ring"
"""The keys for messages: key_record.py."""
DECODER = "decoder"
"""The decoder key of 20-digit tokens: sts_keys.py."""
NAMES = (RING, DECODER)

SIZE_MIN = const(13)
SIZE_MAX = const(424)


class VaultError(ValueError):
    """A secret that is there and cannot be used, or that ought to be there; says why."""
