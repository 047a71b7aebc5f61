"""SMS as PDUs: 3GPP 23.040 9.2 (SMS-DELIVER, SMS-SUBMIT), alphabets of 23.038."""

from dataclasses import dataclass
from datetime import datetime, timedelta

GSM7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {"\f": 10, "^": 20, "{": 40, "}": 41, "\\": 47, "[": 60, "~": 61, "]": 62, "|": 64,
             "€": 101}
_BACK = {value: key for key, value in EXTENSION.items()}
_DIGITS = "0123456789*#abc"


class PduError(Exception):
    """The PDU cannot be read; str says why."""


@dataclass
class Submit:
    """What a client wants to be sent."""

    to: str
    text: str
    coding: int
    header: bytes = b""


def to_gsm(text: str) -> bytes | None:
    """Septets of `text`, one a byte; None when the alphabet does not have it."""
    septets = bytearray()
    for char in text:
        if char in EXTENSION:
            septets += bytes([27, EXTENSION[char]])
        elif char in GSM7 and char != "\x1b":
            septets.append(GSM7.index(char))
        else:
            return None
    return bytes(septets)


def from_gsm(septets: bytes) -> str:
    """Text of septets, one a byte."""
    text, extended = "", False
    for septet in septets:
        if extended:
            text += _BACK.get(septet, " ")
            extended = False
        elif septet == 27:
            extended = True
        else:
            text += GSM7[septet & 127]
    return text


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Pack seven-bit characters, after `fill` bits of padding."""
    number = sum(septet << (7 * index + fill) for index, septet in enumerate(septets))
    return number.to_bytes((7 * len(septets) + fill + 7) // 8, "little")


def unpack(data: bytes, count: int, fill: int = 0) -> bytes:
    """Unpack `count` seven-bit characters."""
    number = int.from_bytes(data, "little") >> fill
    return bytes(number >> (7 * index) & 127 for index in range(count))


def _swap(digits: str) -> bytes:
    padded = digits + "F" * (len(digits) % 2)
    return bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))


def _address(number: str) -> bytes:
    """Address with its length in digits; a name (not digits) goes as an alphanumeric one."""
    plain = number.removeprefix("+")
    if plain.isdecimal():
        return bytes([len(plain), 0x91 if number.startswith("+") else 0x81]) + _swap(plain)
    packed = pack(to_gsm(number) or b"")
    return bytes([2 * len(packed), 0xD0]) + packed


def _stamp(when: datetime) -> bytes:
    offset = when.utcoffset() or timedelta()
    quarters = int(offset.total_seconds() // 900)
    digits = when.strftime("%y%m%d%H%M%S") + f"{abs(quarters):02d}"
    stamp = bytearray(_swap(digits))
    if quarters < 0:
        stamp[6] |= 0x08
    return bytes(stamp)


def user_data(text: str, header: bytes = b"") -> tuple[int, bytes]:
    """(data coding scheme, length octet and user data); `header` without its length octet."""
    head = bytes([len(header)]) + header if header else b""
    septets = to_gsm(text)
    if septets is None:
        body = head + text.encode("utf-16-be")
        return 8, bytes([len(body)]) + body
    fill = -len(head) * 8 % 7
    skipped = (len(head) * 8 + fill) // 7
    return 0, bytes([skipped + len(septets)]) + head + pack(septets, fill)


def deliver(
    sender: str, text: str, when: datetime, centre: str = "", header: bytes = b""
) -> tuple[str, int]:
    """(hex with the centre's address, octets without it) of a message as the network gives it."""
    smsc = b""
    if centre:
        plain = _swap(centre.removeprefix("+"))
        smsc = bytes([0x91 if centre.startswith("+") else 0x81]) + plain
    coding, data = user_data(text, header)
    first = 0x04 | (0x40 if header else 0)
    body = bytes([first]) + _address(sender) + bytes([0, coding]) + _stamp(when) + data
    return (bytes([len(smsc)]) + smsc + body).hex().upper(), len(body)


def _read_address(data: bytes, at: int) -> tuple[str, int]:
    digits, kind = data[at], data[at + 1]
    size = (digits + 1) // 2
    raw = data[at + 2:at + 2 + size]
    if kind & 0x70 == 0x50:
        return from_gsm(unpack(raw, digits * 4 // 7)), at + 2 + size
    text = "".join(_DIGITS[b & 15] + (_DIGITS[b >> 4] if b >> 4 < 15 else "") for b in raw)
    return ("+" if kind & 0x70 == 0x10 else "") + text[:digits], at + 2 + size


def read_submit(hexed: str, octets: int) -> Submit:
    """Read an SMS-SUBMIT as AT+CMGS takes it, `octets` long without the centre; PduError."""
    try:
        data = bytes.fromhex(hexed)
        start = 1 + data[0]
        if len(data) - start != octets:
            raise PduError(f"length {len(data) - start} octets, announced {octets}")
        first = data[start]
        if first & 3 != 1:
            raise PduError("not an SMS-SUBMIT")
        to, at = _read_address(data, start + 2)
        coding = data[at + 1]
        at += 2 + {0: 0, 2: 1, 1: 7, 3: 7}[first >> 3 & 3]
        length, body = data[at], data[at + 1:]
        return _read_user_data(to, coding, length, body, bool(first & 0x40))
    except (IndexError, ValueError, UnicodeDecodeError) as error:
        raise PduError(str(error)) from None


def _read_user_data(to: str, coding: int, length: int, body: bytes, has_header: bool) -> Submit:
    head = body[:1 + body[0]] if has_header else b""
    alphabet = coding >> 2 & 3 if coding < 0x40 else (2 if coding & 0xF4 == 0xE0 else 0)
    if alphabet == 2:
        text = body[len(head):length].decode("utf-16-be")
    elif alphabet == 1:
        text = body[len(head):length].decode("latin-1")
    else:
        fill = -len(head) * 8 % 7
        skipped = (len(head) * 8 + fill) // 7
        if len(body) * 8 < 7 * length:
            raise PduError("user data shorter than its length")
        text = from_gsm(unpack(body[len(head):], length - skipped, fill))
    return Submit(to, text, coding, head[1:])
