"""TLS of SIMCom's SIM7080 and SIM7070: certificates into their files, and whom to believe.

The modem checks who signed the broker's certificate and its dates. Whether it checks the name
too is nowhere said; it is given the host's (sni). So trust a CA here that signs for this broker
alone. Source: the modem sheet, section 5.3; the file commands CFS* from SIMCom's manual.
"""

from micropython import const

from joulegate.link.modem import certificates
from joulegate.link.modem.at_errors import AtError
from joulegate.link.modem.family import attempt, numbers

_UPLOAD_MS = const(20000)
_CA = const(2)
_OWN = const(1)


async def prepare(engine: object, tls: object, host: str) -> None:
    """Set TLS of socket 0 up for a Tls of link/tls.py; LinkError, ValueError names what cannot
    be had."""
    await certificates.check(engine, tls, host)
    await attempt(engine, "AT+CFSINIT")
    try:
        ca = await _file(engine, tls.ca, certificates.CERTIFICATE)
        own = key = ""
        if tls.certificate:
            own = await _file(engine, tls.certificate, certificates.CERTIFICATE)
            key = await _file(engine, tls.key, certificates.KEY)
    finally:
        await attempt(engine, "AT+CFSTERM")
    settings = ['AT+CSSLCFG="sslversion",0,3', 'AT+CSSLCFG="ignorertctime",0,0',
                'AT+CSSLCFG="sni",0,"%s"' % host, 'AT+CSSLCFG="convert",%d,"%s"' % (_CA, ca)]
    if own:
        settings.append('AT+CSSLCFG="convert",%d,"%s","%s"' % (_OWN, own, key))
        settings.append('AT+CASSLCFG=0,"cert","%s"' % own)
    settings += ['AT+CASSLCFG=0,"cacert","%s"' % ca, 'AT+CASSLCFG=0,"crindex",0',
                 'AT+CASSLCFG=0,"ssl",1']
    for setting in settings:
        if not await attempt(engine, setting, 5000):
            raise ValueError("tls: the modem refuses the setting " + setting.split('"')[1])


async def _file(engine: object, der: bytes, label: str) -> str:
    """Return the name of the modem's file with these bytes as PEM; upload it if it is not there.
    """
    name = certificates.file_name(der)
    size = certificates.pem_size(der, label)
    try:
        value = await engine.command('AT+CFSGFIS=3,"%s"' % name, "+CFSGFIS:", tries=2)
        if numbers(value or "")[-1] == size:
            return name
    except AtError:
        pass  # there is none
    await engine.put('AT+CFSWFILE=3,"%s",0,%d,%d' % (name, size, _UPLOAD_MS // 2),
                     certificates.pem(der, label), size, timeout_ms=_UPLOAD_MS, ready="DOWNLOAD")
    return name
