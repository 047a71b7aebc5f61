"""Brokers for tests: a real mosquitto on loopback, certificates for it, and its own clients.

    with Mosquitto(tmp_path) as broker:
        with Subscriber(broker.port, "joulegate/#") as heard:
            broker.publish("joulegate/1/METER/down", "hello")
            heard.wait_for(lambda lines: lines)

A process is ended by its handle only.
"""

import datetime
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.system import peers
from tools.setup.npm import NODE

ROOT = Path(__file__).resolve().parents[2]
AEDES = ROOT / "build" / "brokers" / "node_modules" / "aedes" / "aedes.js"
AEDES_SCRIPT = ROOT / "tests" / "system" / "aedes_broker.mjs"
START_S = 10.0
STOP_S = 10.0


def mosquitto_command() -> str:
    """Where mosquitto is, and its clients are; the test ends on a machine without them."""
    peers.program("mosquitto_pub", "mosquitto-clients")
    return peers.program("mosquitto")


def free_port() -> int:
    """A port of loopback that nobody has just now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Identity:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def write(self, folder: Path, name: str) -> None:
        """Write certificate and key, as PEM for brokers and as DER for meters."""
        for encoding, end in ((Encoding.PEM, "pem"), (Encoding.DER, "der")):
            (folder / f"{name}.{end}").write_bytes(self.certificate.public_bytes(encoding))
            (folder / f"{name}.key.{end}").write_bytes(self.key.private_bytes(
                encoding, PrivateFormat.TraditionalOpenSSL, NoEncryption()))


class Authority:
    """A certificate authority that lives as long as a test."""

    def __init__(self, name: str = "test authority") -> None:
        self.identity = self._make(name, None, True)

    def issue(self, name: str, days: tuple[int, int] = (-1, 30)) -> Identity:
        """A certificate for a name, good from and until so many days from now."""
        return self._make(name, self.identity, False, days)

    def _make(
        self, name: str, issuer: Identity | None, is_ca: bool, days: tuple[int, int] = (-1, 30)
    ) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.certificate.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days[0]))
            .not_valid_after(now + datetime.timedelta(days[1]))
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        )
        if not is_ca:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        signer = issuer.key if issuer else key
        return Identity(key, builder.sign(signer, hashes.SHA256()))


class Broker:
    """A broker of some make, in a process of its own, on loopback; use it with `with`."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        """folder: for what it writes. command: that starts it; PORT in it is its port."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self._command = [word.replace("PORT", str(self.port)) for word in command]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with (self.folder / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                said = (self.folder / "output.txt").read_text(errors="replace")[-1000:]
                assert self._process.poll() is None, f"the broker ended: {said}"
                time.sleep(0.02)
        raise AssertionError("the broker does not answer")

    def stop(self) -> None:
        """End it in order: it saves what it has."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=STOP_S)
            self._process = None

    def kill(self) -> None:
        """End it as a power failure does: what it had not saved is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=STOP_S)
            self._process = None

    def publish(self, topic: str, *payloads: str, qos: int = 1, retain: bool = False) -> None:
        """Publish messages, in order, by mosquitto's own client; not with TLS."""
        subprocess.run(
            ["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.port), "-t", topic,
             "-q", str(qos), "-l", *(["-r"] if retain else [])],
            input="".join(f"{payload}\n" for payload in payloads), text=True, check=True,
            timeout=60)


class Mosquitto(Broker):
    """A mosquitto with a configuration of its own in a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        persistence: bool = True,
        options: tuple[str, ...] = (),
        tls: tuple[Path, Path, Path] | None = None,
        client_certificates: bool = False,
    ) -> None:
        """options: further lines of its configuration, such as max_queued_messages 100. tls:
        the files of CA, certificate and key, PEM. Without persistence, or after `kill`, it
        comes back knowing nothing since it was last saved.
        """
        configuration = folder / "mosquitto.conf"
        super().__init__(folder, [mosquitto_command(), "-c", str(configuration)])
        lines = [
            f"listener {self.port} 127.0.0.1", "allow_anonymous true", "set_tcp_nodelay true",
            "user root", f"log_dest file {folder / 'mosquitto.log'}", "log_type all",
            f"persistence {str(persistence).lower()}", f"persistence_location {folder}/",
        ]
        if tls:
            names = zip(("cafile", "certfile", "keyfile"), tls, strict=True)
            lines += [f"{name} {path}" for name, path in names]
            lines.append(f"require_certificate {str(client_certificates).lower()}")
        configuration.write_text("\n".join([*lines, *options]) + "\n")

    @property
    def log(self) -> str:
        """What the broker has written down."""
        return (self.folder / "mosquitto.log").read_text(errors="replace")


class Amqtt(Broker):
    """The broker of the amqtt package, which keeps sessions in memory."""

    def __init__(self, folder: Path) -> None:
        configuration = folder / "amqtt.yaml"
        super().__init__(
            folder, [sys.executable, "-m", "amqtt.scripts.broker_script", "-c",
                     str(configuration)])
        configuration.write_text(
            "listeners:\n  default:\n    type: tcp\n"
            f"    bind: 127.0.0.1:{self.port}\n"
            "plugins:\n  amqtt.plugins.authentication.AnonymousAuthPlugin:\n"
            "    allow_anonymous: true\n")


class Aedes(Broker):
    """The broker of the npm package aedes, which keeps sessions in memory."""

    def __init__(self, folder: Path) -> None:
        if not AEDES.exists():
            peers.missing("aedes", "make setup")
        super().__init__(folder, [str(NODE), str(AEDES_SCRIPT), str(AEDES), "PORT"])


class Subscriber:
    """mosquitto's own client, with a session of its own: what it hears, as "TOPIC PAYLOAD"."""

    def __init__(self, port: int, topic: str, name: str = "listener") -> None:
        self._command = [
            "mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-q", "1",
            "-c", "-i", name, "-F", "%t %p"]
        self.lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Subscriber":
        # Once through, so that the broker keeps what comes from now on.
        subprocess.run([*self._command, "-E"], check=True, timeout=10)
        self._process = subprocess.Popen(
            ["stdbuf", "-oL", *self._command], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait(timeout=STOP_S)

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def payloads(self, topic_end: str) -> list[str]:
        """The payloads of the topics that end so."""
        split = (line.split(" ", 1) for line in list(self.lines))
        return [parts[1] for parts in split if parts[0].endswith(topic_end)]

    def wait_for(self, what: Callable[["Subscriber"], object], seconds: float = 20) -> None:
        """Wait until something is so; AssertionError with what was heard if it never is."""
        wait_until(lambda: what(self), seconds, lambda: str(self.lines[-20:]))


def wait_until(
    what: Callable[[], Any], seconds: float = 20, tell: Callable[[], str] = lambda: ""
) -> Any:
    """Wait until something is so and return it; at most so many seconds, then AssertionError."""
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {tell()}"
        time.sleep(0.01)
    return found
