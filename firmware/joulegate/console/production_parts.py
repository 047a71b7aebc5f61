"""Memory, secure element, radio and watchdog in the production test: one request each.

What is written is a scratch file and the one byte of the FRAM that its driver keeps for tests:
no cell of the ledger.
"""

import os
import time

from micropython import const

FLASH_MAX_KIB = const(32)
"""Most that one request writes: within the watchdog's time, 8 s, on slow flash."""
HANG_MS = const(12000)
"""Longer than any watchdog of the boards, 8.4 s."""

_SCRATCH = "/production.tmp"
_BLOCK = const(512)
_NETWORKS_MAX = const(16)
_PATTERNS = b"\x55\xaa\x00\xff"


def flash(session: object, kib: int = 16) -> dict:
    """Write so many KiB to a scratch file, read them back, and remove it."""
    if isinstance(kib, bool) or not isinstance(kib, int) or not 1 <= kib <= FLASH_MAX_KIB:
        raise ValueError("kib %r: must be 1 to %d" % (kib, FLASH_MAX_KIB))
    folder = session.app.board.FOLDER
    facts = os.statvfs(folder)
    path = folder + _SCRATCH
    blocks = 2 * kib
    block = bytearray(_BLOCK)
    try:
        with open(path, "wb") as f:
            for number in range(blocks):
                _fill(block, number)
                f.write(block)
        wrong = _first_wrong(path, blocks, block)
    finally:
        try:
            os.remove(path)
        except OSError:
            pass  # it could not be made
    return {"total_KiB": facts[1] * facts[2] // 1024, "free_KiB": facts[1] * facts[3] // 1024,
            "tested_KiB": kib, "wrong_at": wrong}


def _first_wrong(path: str, blocks: int, block: bytearray) -> "int | None":
    """Return where the file first differs from what was written, None if nowhere."""
    found = bytearray(_BLOCK)
    with open(path, "rb") as f:
        for number in range(blocks):
            _fill(block, number)
            if f.readinto(found) != _BLOCK or found != block:
                return number * _BLOCK
    return None


def _fill(block: bytearray, number: int) -> None:
    """Fill a block so that no two are alike and each bit is 0 and 1 somewhere."""
    value = (number * 73 + 165) & 0xFF
    for i in range(len(block)):
        block[i] = value
        value = (value * 5 + 129 + (i >> 8)) & 0xFF


def fram(session: object) -> dict:
    """Write four patterns to the byte that the driver keeps for this, and read each back."""
    chip = session.app.fram
    if chip is None:
        return {"fitted": False, "size": 0, "problem": "does not answer"}
    problem = ""
    try:
        for value in _PATTERNS:
            chip.write(chip.size - 1, bytes((value,)))
    except OSError as e:
        problem = str(e) or "does not answer"
    return {"fitted": True, "size": chip.size, "problem": problem}


def element(session: object) -> dict:
    """Say whether a secure element answers and is set up for a meter. Changes nothing in it."""
    board = session.app.board
    find = getattr(board, "secure_element", None) or board.key_storage
    try:
        found = find()
    except (OSError, RuntimeError) as e:
        return {"fitted": True, "problem": str(e) or "does not answer"}
    return {"fitted": found is not None, "problem": ""}


def wifi(session: object) -> dict:
    """Scan for networks, some seconds; return the strongest as [name, dBm, channel]."""
    wlan = session.app.board.wlan()
    if wlan is None:
        return {"fitted": False, "networks": []}
    active = wlan.active()
    wlan.active(True)
    try:
        found = [(row[3], row[2], row[0]) for row in wlan.scan()]
    finally:
        wlan.active(active)
    found.sort(reverse=True)
    return {"fitted": True, "networks": [
        [_text(name), dBm, channel] for dBm, channel, name in found[:_NETWORKS_MAX]]}


def _text(name: bytes) -> str:
    """Return a network's name, which may be any bytes."""
    return "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in name])


def watchdog(session: object) -> dict:
    """Hang until the watchdog resets the meter, which is the proof: an answer is the failure."""
    session.app.restarts.expect()
    time.sleep_ms(HANG_MS)
    return {"waited_ms": HANG_MS}
