"""Payload by count, for families whose reply is cut otherwise than `AtEngine.get` knows."""

from joulegate.link.modem.at_errors import AtTimeout


async def take_payload(
    engine: object, text: str, count: int, into: object, deadline: object
) -> int:
    """Move `count` bytes that follow now into a memoryview; return how many.

    AtTimeout: they did not come, or were more than there is room for; those are read to their
    end and are of no use.
    """
    reader = engine.reader
    room = len(into)
    taken = 0
    while taken < count:
        at = taken % room if count > room else taken
        part = reader.payload(into[at:min(room, at + count - taken)])
        taken += part
        if deadline.over:
            raise engine.late(text)
        if taken < count:
            await engine.pause()
    if count > room:
        raise AtTimeout("%s: %d bytes came, at most %d were asked for" % (
            text.split("=")[0], count, room))
    return count
