"""Replies that hold a stranger's text, of which no line may be taken for the modem's.

Anybody can send a message that says OK, RDY or that a socket was closed. So the text is taken by
its length where that is known, and all that comes until there is silence is thrown away unheard.
Whoever reads such a text is told whether there was more, and then asks for what he has missed.
Source: the modem sheet, sections 7 and 10 (failures 2, 14).
"""

from micropython import const

from joulegate.link.modem.at_errors import refusal
from joulegate.link.modem.timing import Deadline

QUIET_MS = const(300)
"""A text ends with an OK and this long nothing."""


_OK = b"\r\nOK\r\n"
_END = const(8)
"""Bytes of the modem's own after a text: an empty line and an OK."""


async def read_text(
    engine: object, text: str, prefix: str, count_of: object, into: object, timeout_ms: int
) -> tuple:
    """Send a command for one text; return how many bytes of it came, and whether more came after.

    count_of: what followed `prefix` -> how long the text is, below 0 when nobody knows; not
    called when there is no text. into: a memoryview; a longer text is cut. AtError, AtTimeout,
    Restarted.
    """
    await engine.send_line(text)
    deadline = Deadline(engine.timing, timeout_ms)
    while True:
        line = await engine.next_line(text, deadline, prefix)
        if engine.is_final(text, line):
            return 0, False
        if line.startswith(prefix):
            break
    count = count_of(line[len(prefix):].strip())
    known = 0 <= count <= len(into)
    room = count if known else len(into)
    reader = engine.reader
    quiet = Deadline(engine.timing, QUIET_MS)
    got = 0
    more = 0
    while not quiet.over:
        if got < room:
            part = reader.payload(into[got:room])
            got += part
        else:
            part = reader.skip()
            more += part
        if part:
            quiet.again()
        if deadline.over:
            raise engine.late(text)
        await engine.pause()
    if known and got == count:
        return got, more > _END
    # A line that says OK may be the text's own: the last one is the modem's.
    end = bytes(into[:got]).rfind(_OK)
    if end < 0:
        return got, True
    return end, more > 0 or end + len(_OK) < got


async def list_texts(
    engine: object, text: str, prefix: str, each: object, timeout_ms: int
) -> bool:
    """Send a command for many texts; return whether anything came after the last of them.

    Only lines that begin with `prefix` mean anything: `each` is called with what followed it.
    AtError, AtTimeout, Restarted.
    """
    await engine.send_line(text)
    reader = engine.reader
    deadline = Deadline(engine.timing, timeout_ms)
    quiet = Deadline(engine.timing, QUIET_MS)
    ended = last = False
    error = None
    while not (ended and quiet.over):
        if deadline.over:
            raise engine.late(text)
        line = reader.line()
        if line is not None:
            if line.startswith(prefix):
                each(line[len(prefix):].strip())
            error = refusal(text, line)
            last = line == "OK" or error is not None
            ended = ended or last
            quiet.again()
        await engine.pause()
    if error is not None:
        raise error
    return not last
