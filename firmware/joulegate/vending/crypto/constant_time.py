"""Comparison whose duration does not tell where two values differ."""


def equal(a: bytes | bytearray, b: bytes | bytearray) -> bool:
    """Return whether two byte strings are the same; only their length shows in the time."""
    if len(a) != len(b):
        return False
    difference = 0
    for i in range(len(a)):
        difference |= a[i] ^ b[i]
    return difference == 0
