"""What the TLS of any modem needs: certificates as its files, the right name, and the time.

A file is named by the digest of what it holds, so one that is there need not be sent again.
"""

from binascii import b2a_base64, hexlify
from hashlib import sha256

from micropython import const

from joulegate.link.modem.network_clock import parse_time

CERTIFICATE = "CERTIFICATE"
KEY = "PRIVATE KEY"
_LINE = const(48)


async def check(engine: object, tls: object, host: str) -> None:
    """ValueError for what a modem's TLS cannot do, or not yet; AtError, AtTimeout.

    It knows only the name it opens, and judges dates by its own clock.
    """
    if tls.name != host:
        raise ValueError("tls: this modem checks the certificate for the host it opens, %s, not "
                         "for the name %s" % (host, tls.name))
    if parse_time(await engine.command("AT+CCLK?", "+CCLK:", tries=2)) is None:
        raise ValueError("tls: the modem's clock is not set, and certificates have dates")


def file_name(der: bytes) -> str:
    """Return the name of the file for these bytes."""
    return "jg%s.pem" % hexlify(sha256(der).digest()[:8]).decode()


def pem(der: bytes, label: str) -> object:
    """Give the lines of a PEM text one by one."""
    yield b"-----BEGIN %s-----\n" % label.encode()
    for at in range(0, len(der), _LINE):
        yield b2a_base64(der[at:at + _LINE])
    yield b"-----END %s-----\n" % label.encode()


def pem_size(der: bytes, label: str) -> int:
    """Return how many bytes that text has."""
    size = 0
    for line in pem(der, label):
        size += len(line)
    return size
