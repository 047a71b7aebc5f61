"""TLS of a Quectel modem: certificates into its files, and whom its sockets are to believe.

A file that is there with the right length need not be sent again. Source: the modem sheet,
section 5.1; `checkhost` from Quectel's SSL notes.
"""

from joulegate.link.errors import LinkError
from joulegate.link.modem import certificates
from joulegate.link.modem.at_errors import AtError
from joulegate.link.modem.family import attempt, numbers


async def prepare(engine: object, tls: object, host: str) -> None:
    """Set TLS context 1 up for a Tls of link/tls.py; LinkError, ValueError for what cannot be had.

    The broker must prove the name of `host`, since the modem looks for no other.
    """
    await certificates.check(engine, tls, host)
    ca = await _file(engine, tls.ca, certificates.CERTIFICATE)
    settings = ['"sslversion",1,3', '"ciphersuite",1,0xFFFF', '"ignorelocaltime",1,0',
                '"cacert",1,"%s"' % ca, '"sni",1,1', '"checkhost",1,1']
    if tls.certificate:
        settings.append('"clientcert",1,"%s"' % await _file(
            engine, tls.certificate, certificates.CERTIFICATE))
        settings.append('"clientkey",1,"%s"' % await _file(engine, tls.key, certificates.KEY))
    settings.append('"seclevel",1,%d' % (2 if tls.certificate else 1))
    for setting in settings:
        if not await attempt(engine, "AT+QSSLCFG=" + setting):
            raise ValueError("tls: the modem refuses the setting " + setting.split(",")[0])


async def _file(engine: object, der: bytes, label: str) -> str:
    """Return the name of the modem's file with these bytes as PEM; upload it if it is not there.
    """
    name = certificates.file_name(der)
    size = certificates.pem_size(der, label)
    try:
        value = await engine.command('AT+QFLST="%s"' % name, "+QFLST:", tries=2)
        if numbers(value or "")[-1] == size:
            return name
        if value is not None:
            await attempt(engine, 'AT+QFDEL="%s"' % name)
    except AtError:
        pass  # there is none
    value = await engine.put('AT+QFUPL="%s",%d,60' % (name, size),
                             certificates.pem(der, label), size, "+QFUPL:", timeout_ms=20000,
                             ready="CONNECT")
    if numbers(value or "")[0] != size:
        raise LinkError("tls: the modem took %s of %d bytes of a certificate" % (value, size))
    return name
