"""Where the broker is, and how a station proves to be who it is: address, password, TLS."""

import getpass
import importlib
import os
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.vend.errors import VendError

ENVIRONMENT = "JOULEGATE_BROKER_PASSWORD"
KEYRING_SERVICE = "joulegate"
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Address:
    """A broker's, of mqtt://user@host:port or mqtts://..., which is over TLS."""

    host: str
    port: int
    user: str
    tls: bool

    @property
    def in_the_clear(self) -> bool:
        """Whether others on the way could read a password."""
        return bool(self.user) and not self.tls and self.host not in _LOOPBACK

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def parse(url: str) -> Address:
    """The address in a URL; VendError, which does not repeat a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise VendError(f"broker: {error}") from None
    if parts.password is not None:
        raise VendError("broker: a password does not belong on the command line, where others "
                        f"see it: set {ENVIRONMENT}, or type it when asked")
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or (
            parts.query or parts.fragment or port == 0):
        raise VendError(f"broker {url!r}: must be mqtt://[user@]host[:port] or mqtts://...")
    return Address(parts.hostname, port or _PORTS[parts.scheme], unquote(parts.username or ""),
                   parts.scheme == "mqtts")


def password(address: Address) -> str | None:
    """The user's password: of the environment, of the keyring if that package is there, or
    typed; None without a user. VendError if there is nowhere to ask."""
    if not address.user:
        return None
    found = os.environ.get(ENVIRONMENT) or _of_keyring(address)
    if found is not None:
        return found
    if not sys.stdin.isatty():
        raise VendError(f"broker {address}: no password for user {address.user}: set "
                        f"{ENVIRONMENT}")
    return getpass.getpass(f"Password of {address.user} at {address}: ")


def _of_keyring(address: Address) -> str | None:
    try:
        keyring = importlib.import_module("keyring")
    except ImportError:
        return None
    try:
        found = keyring.get_password(KEYRING_SERVICE, f"{address.user}@{address.host}")
    except keyring.errors.KeyringError:
        return None
    return None if found is None else str(found)


def tls_context(address: Address, ca: Path | None) -> ssl.SSLContext | None:
    """What checks the broker's certificate and its name; None for plain MQTT. VendError.

    ca: certificates to trust, PEM; the system's without.
    """
    if not address.tls:
        if ca is not None:
            raise VendError("--ca: is of use with mqtts:// only")
        return None
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise VendError(f"{ca}: {error}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
