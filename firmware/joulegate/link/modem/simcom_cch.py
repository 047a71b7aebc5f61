"""TLS of SIMCom's A7670, A7672 and SIM7600: the CCH sessions, and certificates in their files.

The modem checks who signed the broker's certificate and its dates. Whether it checks the name
too is nowhere said; it is asked to name the host (enableSNI), which those with Mbed TLS then
check. So trust a CA here that signs for this broker alone.
Source: the modem sheet, section 5.2; CCERTLIST, CCERTDELE and the order of the lines of CCHRECV
from SIMCom's SSL notes.
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem import certificates
from joulegate.link.modem.at_errors import AtError, AtTimeout
from joulegate.link.modem.family import attempt, numbers
from joulegate.link.modem.payload import take_payload
from joulegate.link.modem.simcom_outcomes import error_text, outcome
from joulegate.link.modem.timing import Deadline

_OPEN_MS = const(125000)
_START_MS = const(60000)
_SEND_MS = const(15000)
_RECEIVE_MS = const(5000)
_CLOSE_MS = const(12000)
_UPLOAD_MS = const(20000)


async def open_session(engine: object, host: str, port: int, tls: object) -> None:
    """Open session 0 for a Tls of link/tls.py; LinkError, ValueError names what cannot be had."""
    await certificates.check(engine, tls, host)
    await _configure(engine, tls)
    await outcome(engine, "AT+CCHSTOP", "+CCHSTOP:", _START_MS)
    # Manual receive, and an outcome for each sending.
    await engine.command("AT+CCHSET=1,1", tries=3)
    if await engine.command("AT+CCHSTART", "+CCHSTART:", _START_MS, both=True) != "0":
        raise LinkError("AT+CCHSTART: no network")
    await engine.command("AT+CCHSSLCFG=0,0", tries=3)
    value = await engine.command('AT+CCHOPEN=0,"%s",%d,2' % (host, port), "+CCHOPEN:", _OPEN_MS,
                                 both=True)
    fields = numbers(value)
    if len(fields) < 2 or fields[1] != 0:
        raise LinkError("open %s:%d: %s" % (host, port, error_text(fields[-1])))


async def send(engine: object, data: object) -> int:
    """Send at most 2048 bytes; return how many were taken. LinkError."""
    size = len(data)
    value = await engine.put("AT+CCHSEND=0,%d" % size, (data,), size, "+CCHSEND:", _SEND_MS,
                             both=True)
    if numbers(value)[-1] != 0:
        raise LinkError("AT+CCHSEND: error " + value)
    return size


async def receive(engine: object, into: object) -> int:
    """Read into a memoryview; return how many bytes.

    The OK comes before the data on some and after it on others; +CCHRECV: 0,0 follows the data.
    """
    text = "AT+CCHRECV=0,%d" % len(into)
    await engine.send_line(text)
    deadline = Deadline(engine.timing, _RECEIVE_MS)
    count = 0
    good = ended = False
    while not (good and ended):
        line = await engine.next_line(text, deadline, "+CCHRECV:")
        if engine.is_final(text, line):
            good = True
        elif line.startswith("+CCHRECV:"):
            fields = numbers(line[9:])
            if fields[:2] == ["DATA", 0] and isinstance(fields[-1], int) and not count:
                count = await take_payload(engine, text, fields[-1], into, deadline)
            elif fields[0] == 0:
                if fields[-1] != 0:
                    raise LinkError("AT+CCHRECV: error %s" % fields[-1])
                ended = True
    return count


async def close(engine: object) -> None:
    """Close session 0, whatever its state."""
    await outcome(engine, "AT+CCHCLOSE=0", "+CCHCLOSE:", _CLOSE_MS)


async def _configure(engine: object, tls: object) -> None:
    settings = ['"sslversion",0,3', '"ignorelocaltime",0,0', '"enableSNI",0,1']
    settings.append('"cacert",0,"%s"' % await _file(engine, tls.ca, certificates.CERTIFICATE))
    if tls.certificate:
        settings.append('"clientcert",0,"%s"' % await _file(
            engine, tls.certificate, certificates.CERTIFICATE))
        settings.append('"clientkey",0,"%s"' % await _file(engine, tls.key, certificates.KEY))
    settings.append('"authmode",0,%d' % (2 if tls.certificate else 1))
    for setting in settings:
        if not await attempt(engine, "AT+CSSLCFG=" + setting):
            raise ValueError("tls: the modem refuses the setting " + setting.split(",")[0])


async def _file(engine: object, der: bytes, label: str) -> str:
    """Return the name of the modem's file with these bytes as PEM; upload it if it is not there.
    """
    name = certificates.file_name(der)
    found = []
    try:
        await engine.command("AT+CCERTLIST", "+CCERTLIST:", tries=2, each=lambda value:
                             found.append(name) if numbers(value)[-1] == name else None)
    except AtError:
        pass  # there is none
    if found:
        return name
    size = certificates.pem_size(der, label)
    try:
        await engine.put('AT+CCERTDOWN="%s",%d' % (name, size), certificates.pem(der, label), size,
                         timeout_ms=_UPLOAD_MS)
    except AtTimeout:
        # Half a file must not be taken for it the next time.
        await attempt(engine, 'AT+CCERTDELE="%s"' % name)
        raise
    return name
