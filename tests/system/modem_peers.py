"""Servers on loopback that a modem model talks to, and certificates for the TLS ones."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "broker.test"
ACCEPT_S = 5


@dataclass
class Pair:
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    """Signs certificates for servers and clients; `days` tells how long they are valid."""

    def __init__(self, name: str = "Test CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self.pem = self._sign(name, self._key.public_key(), True, 365).public_bytes(
            serialization.Encoding.PEM)

    def _sign(
        self, name: str, public: ec.EllipticCurvePublicKey, is_ca: bool, days: int
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder().subject_name(_name(name)).issuer_name(self._name)
            .public_key(public).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_ca, None), True))
        if not is_ca:
            names = [x509.DNSName(name), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        return builder.sign(self._key, hashes.SHA256())

    def issue(self, name: str, days: int = 30) -> Pair:
        """A new key and a certificate for it."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, key.public_key(), False, days)
        return Pair(
            certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption()))


class EchoServer:
    """Echoes each connection; with `context` over TLS. Use it with `with`."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self.port = self._listener.getsockname()[1]
        self.connections: list[socket.socket] = []
        self.received = bytearray()
        self.ended = 0
        self.clients: list[str] = []

    def __enter__(self) -> "EchoServer":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._close_all()

    def cut(self) -> None:
        """Close every connection, once there is one: a slow machine accepts late."""
        deadline = time.monotonic() + ACCEPT_S
        while not self.connections and time.monotonic() < deadline:
            time.sleep(0.01)
        self._close_all()

    def _close_all(self) -> None:
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self.connections.clear()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self._context is not None:
                tls = self._context.wrap_socket(connection, server_side=True)
                peer = tls.getpeercert() or {}
                self.clients.append(str(peer.get("subject", "")))
                connection = tls
            self.connections.append(connection)
            while data := connection.recv(4096):
                self.received += data
                connection.sendall(data)
        self.ended += 1


def server_context(pair: Pair, folder: Path, clients: bytes = b"") -> ssl.SSLContext:
    """A server's context; with `clients` it asks for a certificate of that authority."""
    certificate, key = folder / "server.pem", folder / "server.key"
    certificate.write_bytes(pair.certificate)
    key.write_bytes(pair.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if clients:
        context.load_verify_locations(cadata=clients.decode())
        context.verify_mode = ssl.CERT_REQUIRED
    return context
