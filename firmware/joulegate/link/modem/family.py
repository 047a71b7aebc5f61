"""What a family of modems has to say of itself, and what is alike in most.

A family is this class with its tables filled in: the commands that set it up, the notices it
gives, how a socket of it is opened, written, read and closed. `ModemTransport` and `Modem` know
nothing else of it, and a family knows the engine but not them. Put a further one in a file of
its own, override what is different, and name it in family_finder.py.

Only one socket is used, and it has the number 0.
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_errors import AtError

# What a notice tells of the socket.
NOTHING = const(0)
RECEIVED = const(1)
CLOSED = const(2)
CONTEXT_LOST = const(3)


class Family:
    name = ""
    setup: tuple = ()
    """Commands of every session after the common ones, each refused without harm."""
    boots: tuple = ("RDY",)
    notices: tuple = ()
    """Prefixes of the lines it gives unasked, but for those of registration and SMS."""
    registrations: tuple = ("+CEREG", "+CGREG")
    """What is asked for registration; one that gives leave is enough."""
    sms = True
    """Whether it may have SMS; its build decides."""
    ppp = True
    """Whether it may be dialled into PPP."""
    send_max = 1460
    read_max = 512
    line_max = 320
    rate = 115200
    """Of the serial line, in bits a second."""
    clock = "AT+CCLK?", "+CCLK:", False
    """The command that gives the network's time, its reply, and whether that is UTC."""
    apn = "AT+CGDCONT?", 'AT+CGDCONT=1,"IP","%s"'
    """How the APN is asked for and set while the radio is off."""
    off = "AT+CPOWD=1"
    restart = "AT+CFUN=1,1"
    # Milliseconds: from supply to PWRKEY, PWRKEY for on and off, RESET, and until it may answer.
    settle_ms = 2000
    on_ms = 2000
    off_ms = 3000
    reset_ms = 300
    boot_ms = 15000

    async def context_up(self, engine: object, settings: dict) -> None:
        """Bring the data context up, if it is not; LinkError."""
        raise LinkError("%s: no data context" % self.name)

    async def context_down(self, engine: object) -> None:
        """Take the data context down, whatever its state; LinkError."""

    async def open(self, engine: object, host: str, port: int, tls: object) -> None:
        """Open the socket; LinkError. The one before has been closed.

        ValueError: what is asked for cannot be had, and that is not the modem's fault.
        """
        raise LinkError("%s: no sockets" % self.name)

    async def send(self, engine: object, data: object) -> int:
        """Send at most `send_max` bytes; return how many were taken, 0 for no room now.

        LinkError: nobody knows what became of them, so the socket must be closed.
        """
        raise LinkError("%s: no sockets" % self.name)

    async def receive(self, engine: object, into: object) -> int:
        """Read into a memoryview of at most `read_max` bytes; return how many, 0 for none."""
        raise LinkError("%s: no sockets" % self.name)

    async def connected(self, engine: object) -> bool:
        """Return whether the modem still has the socket as open; LinkError."""
        return True

    async def close(self, engine: object) -> None:
        """Close the socket, whatever its state; LinkError only when the modem is silent."""

    def notice(self, line: str) -> int:
        """Return what a notice tells of the socket: NOTHING, RECEIVED, CLOSED, CONTEXT_LOST."""
        return NOTHING


async def attempt(engine: object, text: str, timeout_ms: int = 2000) -> bool:
    """Send a command that may be refused; return whether it was taken. AtTimeout."""
    try:
        await engine.command(text, timeout_ms=timeout_ms)
        return True
    except AtError:
        return False


def numbers(text: str) -> list:
    """Return the fields of a reply: those in quotes as texts without them, decimals as ints.

    A comma within quotes does not part two fields. There is always one field.
    """
    found: list = []
    field = ""
    inside = text_field = False
    for letter in text + ",":
        if letter == '"':
            inside = not inside
            if not text_field:
                field = ""
            text_field = True
        elif letter == "," and not inside:
            found.append(field if text_field else _value(field.strip()))
            field = ""
            text_field = False
        elif inside or not text_field:
            field += letter
    return found or [text]


def _value(field: str) -> "int | str":
    digits = field[1:] if field[:1] == "-" else field
    return int(field) if digits.isdigit() and len(digits) < 10 else field


def quoted(name: str, value: str, most: int = 100) -> str:
    """Return a text that may stand between quotes in a command; ValueError names it."""
    if len(value) > most:
        raise ValueError("%s: %d characters, at most %d" % (name, len(value), most))
    for letter in value:
        if not " " <= letter <= "~" or letter in '"\\':
            raise ValueError("%s: %r must not be in it" % (name, letter))
    return value
