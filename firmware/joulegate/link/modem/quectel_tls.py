"""TLS of a Quectel modem: certificates into its files, and whom its sockets are to believe.

A file is named by the digest of what it holds, so one that is there with the right length need
not be sent again. Source: the modem sheet, section 5.1; `checkhost` from Quectel's SSL notes.
"""

from binascii import b2a_base64, hexlify
from hashlib import sha256

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_errors import AtError
from joulegate.link.modem.family import attempt, numbers
from joulegate.link.modem.network_clock import parse_time

_LINE = const(48)
_CERTIFICATE = "CERTIFICATE"
_KEY = "PRIVATE KEY"


async def prepare(engine: object, tls: object, host: str) -> None:
    """Set TLS context 1 up for a Tls of link/tls.py; LinkError names what cannot be had.

    The broker must prove the name of `host`, since the modem looks for no other.
    """
    if tls.name != host:
        raise LinkError("tls: this modem checks the certificate for the host it opens, %s, not "
                        "for the name %s" % (host, tls.name))
    if parse_time(await engine.command("AT+CCLK?", "+CCLK:", tries=2)) is None:
        raise LinkError("tls: the modem's clock is not set, and certificates have dates")
    ca = await _file(engine, tls.ca, _CERTIFICATE)
    settings = ['"sslversion",1,3', '"ciphersuite",1,0xFFFF', '"ignorelocaltime",1,0',
                '"cacert",1,"%s"' % ca, '"sni",1,1', '"checkhost",1,1']
    if tls.certificate:
        settings.append('"clientcert",1,"%s"' % await _file(
            engine, tls.certificate, _CERTIFICATE))
        settings.append('"clientkey",1,"%s"' % await _file(engine, tls.key, _KEY))
    settings.append('"seclevel",1,%d' % (2 if tls.certificate else 1))
    for setting in settings:
        if not await attempt(engine, "AT+QSSLCFG=" + setting):
            raise LinkError("tls: the modem refuses the setting " + setting.split(",")[0])


async def _file(engine: object, der: bytes, label: str) -> str:
    """Return the name of the modem's file with these bytes as PEM; upload it if it is not there.
    """
    name = "jg%s.pem" % hexlify(sha256(der).digest()[:8]).decode()
    size = 0
    for line in _pem(der, label):
        size += len(line)
    try:
        value = await engine.command('AT+QFLST="%s"' % name, "+QFLST:", tries=2)
        if numbers(value or "")[-1] == size:
            return name
        if value is not None:
            await attempt(engine, 'AT+QFDEL="%s"' % name)
    except AtError:
        pass  # there is none
    value = await engine.put('AT+QFUPL="%s",%d,60' % (name, size), _pem(der, label), size,
                             "+QFUPL:", timeout_ms=20000, ready="CONNECT")
    if numbers(value or "")[0] != size:
        raise LinkError("tls: the modem took %s of %d bytes of a certificate" % (value, size))
    return name


def _pem(der: bytes, label: str) -> object:
    """Give the lines of a PEM text one by one."""
    yield b"-----BEGIN %s-----\n" % label.encode()
    for at in range(0, len(der), _LINE):
        yield b2a_base64(der[at:at + _LINE])
    yield b"-----END %s-----\n" % label.encode()
