"""A real mosquitto on a free port of loopback, plain or with TLS, for as long as it is needed."""

import datetime
import ipaddress
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tools.bench.process import BenchError

HOST = "127.0.0.1"
NAME = "localhost"
MODEM_NAME = "broker.bench"
"""What the broker's certificate is for: its name on this computer, and what a modem looks up."""
_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
_START_S = 10
_STOP_S = 10
_DAY = datetime.timedelta(1)


def mosquitto() -> str | None:
    """Return where mosquitto is on this computer, None if it is not installed."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=_PLACES)


class LocalBroker:
    """Use it with `with`. `port`; with TLS also `ca`, a PEM file, and `ca_der`."""

    def __init__(self, folder: Path, tls: bool) -> None:
        """folder: for its configuration and certificates. BenchError without mosquitto."""
        found = mosquitto()
        if found is None:
            raise BenchError("mosquitto: is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.tls = tls
        self.ca: Path | None = None
        self.ca_der = b""
        with socket.create_server((HOST, 0)) as listener:
            self.port: int = listener.getsockname()[1]
        lines = [f"listener {self.port} {HOST}", "allow_anonymous true", "user root",
                 "persistence false", "set_tcp_nodelay true"]
        if tls:
            lines += self._certificates()
        configuration = folder / "mosquitto.conf"
        configuration.write_text("\n".join(lines) + "\n")
        self._command = [found, "-c", str(configuration)]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For `python -m tools.vend --broker`."""
        return f"mqtts://{NAME}:{self.port}" if self.tls else f"mqtt://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        with (self.folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.02)
        self.__exit__()
        said = (self.folder / "output.txt").read_text(errors="replace").strip()
        raise BenchError(f"mosquitto: did not start: {said[-500:]}")

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _certificates(self) -> list[str]:
        """Make an authority and the broker's certificate; return the lines that name them."""
        authority = ec.generate_private_key(ec.SECP256R1())
        own = ec.generate_private_key(ec.SECP256R1())
        root = _certificate("bench authority", authority, "bench authority", authority)
        leaf = _certificate(NAME, own, "bench authority", authority)
        self.ca = self.folder / "ca.pem"
        self.ca.write_bytes(root.public_bytes(Encoding.PEM))
        self.ca_der = root.public_bytes(Encoding.DER)
        certificate, key = self.folder / "broker.pem", self.folder / "broker.key"
        certificate.write_bytes(leaf.public_bytes(Encoding.PEM))
        key.write_bytes(own.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
        return [f"certfile {certificate}", f"keyfile {key}"]


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _DAY)
        .not_valid_after(now + 30 * _DAY)
        .add_extension(x509.BasicConstraints(name == issuer, None), critical=True)
    )
    if name != issuer:
        names = [x509.DNSName(name), x509.DNSName(MODEM_NAME),
                 x509.IPAddress(ipaddress.ip_address(HOST))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
