"""Looking up the address of a name without holding metering up.

Source: RFC 1035, sections 4.1 (message) and 4.2.1 (UDP). The getaddrinfo of a board waits for
the answer, up to half a minute when none comes; this asks the name server and yields. Who can
forge an answer can as well take the connection: what protects is the broker's certificate.
"""

import asyncio
import os
import socket
import struct

from micropython import const

from joulegate.link.errors import LinkError

PORT = const(53)
TRIES = const(3)
TRY_MS = const(3000)
_ANSWER_MAX = const(512)
_RECORDS_MAX = const(16)
_POLL_MS = const(20)
_TYPE_A = const(1)


def is_address(host: str) -> bool:
    """Whether this is an address, four numbers with dots, and no name."""
    parts = host.split(".")
    return len(parts) == 4 and all(p.isdigit() and int(p) < 256 for p in parts)


def query(name: str, number: int) -> bytes:
    """Return the question for the address of a name; LinkError for one that cannot be."""
    labels = b""
    for label in name.split("."):
        if not 1 <= len(label) <= 63:
            raise LinkError("name %r: each part must have 1 to 63 characters" % name)
        labels += bytes((len(label),)) + label.encode()
    return struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\x01\0\x01"


def address_in(answer: bytes, question: bytes) -> "str | None":
    """Return the first address in an answer, None for what is no answer to this question.

    LinkError when the server says that there is none.
    """
    size = len(question)
    if len(answer) < size or answer[:2] != question[:2] or not answer[2] & 0x80:
        return None
    if answer[12:size] != question[12:]:
        return None
    code = answer[3] & 0x0F
    if code:
        raise LinkError("name server: error %d" % code)
    at = size
    for _ in range(min(answer[6] << 8 | answer[7], _RECORDS_MAX)):
        at = _after_name(answer, at)
        if at + 10 > len(answer):
            break
        kind, _, _, length = struct.unpack_from("!HHIH", answer, at)
        at += 10
        if kind == _TYPE_A and length == 4 and at + 4 <= len(answer):
            return "%d.%d.%d.%d" % tuple(answer[at:at + 4])
        at += length
    raise LinkError("name server: no address in its answer")


def _after_name(answer: bytes, at: int) -> int:
    while at < len(answer):
        length = answer[at]
        if length & 0xC0:
            return at + 2
        at += 1 + length
        if not length:
            break
    return at


async def resolve(
    name: str, server: str, clock: object, port: int = PORT, try_ms: int = TRY_MS
) -> str:
    """Return the address of a name as text. server: the name server's address. LinkError when
    it has none, or does not answer any of TRIES questions within try_ms each."""
    where = socket.getaddrinfo(server, port, 0, socket.SOCK_DGRAM)[0][-1]
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        asking.setblocking(False)
        for _ in range(TRIES):
            question = query(name, struct.unpack("H", os.urandom(2))[0])
            try:
                asking.sendto(question, where)
            except OSError:
                pass  # no way there now: as if it had been lost
            began = clock.ticks_ms()
            while clock.ticks_diff(clock.ticks_ms(), began) < try_ms:
                await asyncio.sleep_ms(_POLL_MS)
                try:
                    answer = asking.recv(_ANSWER_MAX)
                except OSError:
                    continue
                address = address_in(answer, question) if answer else None
                if address is not None:
                    return address
    finally:
        asking.close()
    raise LinkError("name %s: the name server %s does not answer" % (name, server))
