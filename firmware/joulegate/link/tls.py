"""TLS of one connection: whom the meter believes, and who it is.

The broker must show a certificate of the CA given here, for the name asked for and of this
day: there is no way to switch that off. All certificates and keys are DER, which needs no
decoder. A certificate has dates, so without the time there is no TLS.
"""

import os
import time

from micropython import const

from joulegate.core.civil import civil_of
from joulegate.link.errors import LinkError

FILE_MAX = const(4096)


class Tls:
    def __init__(
        self, ca: bytes, certificate: "bytes | None", key: "bytes | None", name: str,
        clock: object,
    ) -> None:
        """ca: of whoever signed the broker's certificate; certificate and key: the meter's own,
        both or neither; name: that the broker must prove. All but the name are DER.
        """
        if not ca:
            raise LinkError("tls: no CA certificate: nobody could be believed")
        if (certificate is None) != (key is None):
            raise LinkError("tls: certificate and key: both or neither")
        self.ca = ca
        self.certificate = certificate
        self.key = key
        self.name = name
        self._clock = clock

    @classmethod
    def from_settings(cls, settings: object, clock: object) -> object:
        """Make one of a LinkSettings and the files it names; LinkError for a file that cannot
        be had."""
        values = settings.values
        own = values["certificate"] or values["key"]
        return cls(
            read_file(settings, "ca"),
            read_file(settings, "certificate") if own else None,
            read_file(settings, "key") if own else None,
            values["server_name"] or values["host"], clock)

    def check(self) -> None:
        """LinkError while certificates cannot be judged."""
        if not self._clock.valid:
            raise LinkError("tls: the clock is not set, and certificates have dates")
        year = civil_of(self._clock.now())[0]
        system = time.gmtime()[0]
        if not -1 <= system - year <= 1:
            raise LinkError("tls: the system's time is in %d, the clock in %d" % (system, year))

    def wrap(self, stream: object) -> object:
        """Return the stream with TLS on it; the handshake goes by its first writes.

        LinkError for certificates or a key that cannot be read.
        """
        import ssl
        context: object = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_mode = ssl.CERT_REQUIRED
        try:
            context.load_verify_locations(cadata=self.ca)
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
            return context.wrap_socket(
                stream, server_hostname=self.name, do_handshake_on_connect=False)
        except (OSError, ValueError) as e:
            raise LinkError("tls: %s" % describe(e)) from None


def describe(error: Exception) -> str:
    """Return on one line what Mbed TLS says of a failure."""
    return " ".join(str(error).split()) or repr(error)


def read_file(settings: object, name: str) -> bytes:
    """Return the DER file that a setting names; LinkError when it cannot be had."""
    path = settings.path_of(name)
    if not path:
        raise LinkError("tls: setting %s names no file" % name)
    try:
        size = os.stat(path)[6]
        if not 1 <= size <= FILE_MAX:
            raise LinkError("tls: %s: %d bytes: must be 1 to %d" % (path, size, FILE_MAX))
        with open(path, "rb") as f:
            return f.read()
    except OSError as e:
        raise LinkError("tls: %s: %s" % (path, e)) from None
