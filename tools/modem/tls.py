"""TLS as a modem does it, by Python's ssl: verification levels, name check, its own clock."""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL: validity is judged by the modem's clock, not ours."""
_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


class TlsError(Exception):
    """The handshake failed; str says why."""


@dataclass
class TlsSettings:
    """What a modem was told; certificates and keys as PEM or DER, "" for none."""

    verify: bool = False
    ca: bytes = b""
    certificate: bytes = b""
    key: bytes = b""
    name_check: bool = False
    lowest: str = "1.2"
    highest: str = "1.2"
    clock: datetime | None = None
    """The modem's UTC when validity is to be checked; None: it is not."""


def _pem(data: bytes) -> str:
    if b"-----BEGIN" in data:
        return data.decode("ascii")
    return ssl.DER_cert_to_PEM_cert(data)


def context_of(settings: TlsSettings) -> ssl.SSLContext:
    """Make a context of Python's ssl; TlsError when a file cannot be read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = _VERSIONS[settings.lowest]
    context.maximum_version = _VERSIONS[settings.highest]
    try:
        if settings.verify:
            context.load_verify_locations(cadata=_pem(settings.ca))
            context.verify_mode = ssl.CERT_REQUIRED
            context.check_hostname = settings.name_check
            context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
        if settings.certificate:
            with tempfile.TemporaryDirectory() as folder:
                certificate, key = Path(folder, "certificate"), Path(folder, "key")
                certificate.write_text(_pem(settings.certificate))
                key.write_bytes(settings.key)
                context.load_cert_chain(certificate, key)
    except (ssl.SSLError, ValueError, UnicodeDecodeError) as error:
        raise TlsError(f"certificate: {error}") from None
    return context


class Tls:
    """A client's TLS on a stream of bytes that others carry."""

    def __init__(self, settings: TlsSettings, host: str, up: Callable[[bytes], None]) -> None:
        """`up` takes what is to go to the server. The name goes out as SNI if it is checked."""
        self._settings, self._host, self._up = settings, host, up
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object: ssl.SSLObject | None = None
        self._shaken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def handshake(self) -> None:
        """Shake hands; TlsError."""
        name = self._host if self._settings.name_check else None
        self._object = context_of(self._settings).wrap_bio(
            self._in, self._out, server_hostname=name)
        self._shake()
        await self._shaken
        self._check_clock()

    def _shake(self) -> None:
        assert self._object is not None
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLError, ssl.CertificateError) as error:
            self._shaken.set_exception(TlsError(str(error)))
        else:
            self._shaken.set_result(None)
        self._flush()

    def _check_clock(self) -> None:
        now = self._settings.clock
        assert self._object is not None
        der = self._object.getpeercert(True)
        if now is None or not der or not self._settings.verify:
            return
        # Slow to import, and few need it.
        from cryptography import x509
        certificate = x509.load_der_x509_certificate(der)
        if not (certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc):
            raise TlsError(f"certificate not valid at {now.isoformat()}, the modem's time")

    def _flush(self) -> None:
        if self._out.pending:
            self._up(self._out.read())

    def write(self, data: bytes) -> None:
        """Send `data`."""
        assert self._object is not None
        self._object.write(data)
        self._flush()

    def received(self, data: bytes) -> bytes:
        """Take bytes from the server; what they say, or b"" while there is nothing."""
        self._in.write(data)
        if not self._shaken.done():
            self._shake()
            if not self._shaken.done() or self._shaken.exception() is not None:
                return b""
        assert self._object is not None
        said = bytearray()
        with contextlib.suppress(ssl.SSLError):
            while piece := self._object.read(16384):
                said += piece
        self._flush()
        return bytes(said)

    def ended(self) -> None:
        """The server closed."""
        if not self._shaken.done():
            self._shaken.set_exception(TlsError("the server closed in the handshake"))
