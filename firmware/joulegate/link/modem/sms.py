"""Messages of the mobile network: those that come are handed over one by one and deleted, those
that are to go are kept in a short queue.

Messages stay in the SIM until they have been dealt with, so a reset loses none; a full SIM takes
no new ones, so it is emptied at every start and every hour. Their text is a stranger's: nothing
in it is taken for a line of the modem.
Source: 3GPP TS 27.005; the modem sheet, sections 7 and 10 (failure 14).
"""

from micropython import const

from joulegate.link.modem.at_errors import AtError, AtTimeout
from joulegate.link.modem.family import attempt, numbers
from joulegate.link.modem.stranger_text import list_texts, read_text
from joulegate.link.modem.timing import Deadline

TEXT_MAX = const(160)
_BUFFER = const(400)
_QUEUE = const(4)
_PENDING = const(10)
_TRIES = const(3)
_LIST_MS = const(3600000)
_READ_MS = const(10000)
_SEND_MS = const(65000)
_LIST_WAIT_MS = const(30000)
_END = b"\x1a"
_UCS2 = const(8)


class Sms:
    def __init__(self, timing: object, handle: object) -> None:
        """handle: text of a message -> (answer or None, whether to keep it); see SmsTokens."""
        self._timing = timing
        self._handle = handle
        self.capable: bool | None = None
        """Whether this modem has SMS; None before it was asked."""
        self.received = 0
        self.sent = 0
        self.discarded = 0
        """Messages that could not be sent, or for which the queue had no room."""
        self._waiting: list = []  # [number, text, tries left]
        self._pending: list = []  # their places in the SIM
        self._kept: set = set()
        self._list_due = Deadline(timing, 0)
        self._header: list = []
        self._view: memoryview | None = None

    # --- for others -----------------------------------------------------------------------

    @property
    def room(self) -> bool:
        """Whether `send` has room for another message."""
        return len(self._waiting) < _QUEUE

    def send(self, number: str, text: str) -> bool:
        """Queue a message; return whether there was room. ValueError for a number or text that
        cannot be sent: digits with a + before them or not, and 160 printable characters."""
        if not _is_number(number):
            raise ValueError("number %r: must be 3 to 15 digits" % number)
        if not 0 < len(text) <= TEXT_MAX or not all(" " <= letter <= "~" for letter in text):
            raise ValueError("text: must be 1 to %d printable characters" % TEXT_MAX)
        if len(self._waiting) >= _QUEUE:
            self.discarded += 1
            return False
        self._waiting.append([number, text, _TRIES])
        return True

    # --- for the modem's task -------------------------------------------------------------

    notices = ("+CMTI:", "+CMT:", "+CDSI:", "+CDS:")

    async def set_up(self, engine: object, family: object) -> None:
        """Find out whether there is SMS, and have the modem keep and announce what comes."""
        self.capable = family.sms and await attempt(engine, "AT+CMGF=1")
        if not self.capable:
            return
        self._list_due.end()
        for text in ('AT+CSCS="GSM"', "AT+CSDH=1", "AT+CNMI=2,1,0,0,0"):
            await attempt(engine, text)
        if not await attempt(engine, 'AT+CPMS="SM","SM","SM"', 5000):
            await attempt(engine, 'AT+CPMS="ME","ME","ME"', 5000)

    def heard(self, line: str) -> None:
        """Take a notice."""
        if line.startswith("+CMTI:"):
            self._add(numbers(line[6:])[-1])
        else:
            self._list_due.end()

    @property
    def due(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.capable and (self._pending or self._waiting or self._list_due.over))

    async def step(self, engine: object) -> None:
        """Do one thing that is due. LinkError."""
        if self._pending:
            await self._take(engine, self._pending.pop(0))
        elif self._waiting:
            await self._send(engine, self._waiting[0])
        else:
            await self._list(engine)

    async def _list(self, engine: object) -> None:
        self._list_due.start(_LIST_MS)
        self._kept.clear()
        try:
            if await list_texts(engine, 'AT+CMGL="ALL"', "+CMGL:",
                                lambda value: self._add(numbers(value)[0]), _LIST_WAIT_MS):
                self._list_due.end()
        except AtError:
            pass  # an hour later, then

    def _add(self, place: object) -> None:
        if not isinstance(place, int) or not 0 <= place <= 999:
            return
        if place in self._pending or place in self._kept:
            return
        if len(self._pending) < _PENDING:
            self._pending.append(place)
        else:
            self._list_due.end()

    async def _take(self, engine: object, place: int) -> None:
        """Read a message, hand it over, and delete it afterwards."""
        if self._view is None:
            self._view = memoryview(bytearray(_BUFFER))
        self._header = []
        try:
            count, more = await read_text(
                engine, "AT+CMGR=%d" % place, "+CMGR:", self._length, self._view, _READ_MS)
            if more:
                self._list_due.end()  # it may have been the notice of another
        except AtError:
            return
        if not self._header:
            return  # nothing there
        self.received += 1
        sender = self._header[1] if len(self._header) > 1 else ""
        answer, keep = self._handle(_text(self._view[:count]))
        if keep:
            self._kept.add(place)
        else:
            await attempt(engine, "AT+CMGD=%d" % place, 5000)
        if answer and _is_number(str(sender)):
            self.send(str(sender), answer[:TEXT_MAX])

    def _length(self, value: str) -> int:
        """Return how many bytes of text follow a header, -1 when it does not say."""
        self._header = fields = numbers(value)
        # Status, number, name, time, type, first octet, protocol, coding, centre, type, length.
        if len(fields) < 11 or not isinstance(fields[10], int):
            return -1
        coding = fields[7]
        ucs2 = isinstance(coding, int) and coding & 12 == _UCS2
        return fields[10] * (2 if ucs2 else 1)

    async def _send(self, engine: object, message: list) -> None:
        number, text, _ = message
        try:
            await engine.put('AT+CMGS="%s"' % number, (text.encode(), _END), len(text),
                             "+CMGS:", _SEND_MS)
            self.sent += 1
            self._waiting.pop(0)
        except (AtError, AtTimeout) as e:
            # Not again when it may have gone: an answer twice is worse than none.
            message[2] -= 1
            if isinstance(e, AtTimeout) or not message[2]:
                self.discarded += 1
                self._waiting.pop(0)
            if isinstance(e, AtTimeout):
                raise


def _is_number(text: str) -> bool:
    digits = text[1:] if text[:1] == "+" else text
    return digits.isdigit() and 3 <= len(digits) <= 15


def _text(data: object) -> str:
    """Return the ASCII of bytes, a "?" for what is none."""
    return "".join(chr(byte) if byte < 0x80 else "?" for byte in data)
