"""The network of a live meter: a broker that runs somewhere, reached by sockets or by a modem's
model, and the keys that vending stations and head-ends need."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tools.bench.local_broker import MODEM_NAME
from tools.bench.modem_model import ModemModel, part_with_driver
from tools.bench.networked import BROKER_ADDRESS, BY_ADDRESS, METER, setup
from tools.bench.process import BenchError
from tools.modem.families import FAMILIES
from tools.vend import broker as vend_broker
from tools.vend import key_file
from tools.vend.errors import VendError

KEYS = "keys.json"
"""In the folder of the meter's state; for `python -m tools.vend --keys`."""
_LOOPBACK = ("127.0.0.1", "localhost")


@contextmanager
def live_network(
    state: Path, broker: str, ca: Path | None, modem: str | None
) -> Iterator[dict[str, Any] | None]:
    """Yield what meter/network_setup.py is to set up, None without a broker. BenchError.

    broker: a URL as for tools/vend, or HOST:PORT. ca: PEM, of who vouches for the broker.
    modem: a family of models, which runs meanwhile.
    """
    if not broker:
        if ca is not None or modem is not None:
            raise BenchError("--ca, --modem: are of use with --broker only")
        yield None
        return
    try:
        address = vend_broker.parse(broker if "://" in broker else f"mqtt://{broker}")
        password = vend_broker.password(address)
        keys = _keys(state / KEYS)
    except VendError as error:
        raise BenchError(str(error)) from None
    if address.tls != (ca is not None):
        raise BenchError(f"broker {address}: --ca is needed with mqtts://, and of no use without")
    more: dict[str, Any] = {"user": address.user, "password": password or ""}
    if address.tls:
        more |= {"tls": True, "server_name": address.host}
    files = {"ca.der": _der(ca)} if ca is not None else {}
    if modem is None:
        yield setup(address.host, address.port, keys, files=files, **more)
        return
    if address.host not in _LOOPBACK:
        raise BenchError(f"broker {address}: must be on 127.0.0.1 with --modem: its model "
                         "reaches nothing else")
    with ModemModel(modem, _part(modem), "--host", f"{MODEM_NAME}={address.port}") as model:
        host = BROKER_ADDRESS if modem in BY_ADDRESS else MODEM_NAME
        yield setup(host, address.port, keys, model.pty, files=files, **more)


def _part(family: str) -> str:
    if family not in FAMILIES:
        raise BenchError(f"modem {family!r}: must be one of {', '.join(sorted(FAMILIES))}")
    part = part_with_driver(family)
    if part is None:
        raise BenchError(f"modem {family!r}: the firmware has no driver for it")
    return part


def _keys(path: Path) -> list[key_file.Key]:
    """Return the meter's keys, made with their file if there is none; VendError."""
    if not path.exists():
        key_file.store(path, METER, [key_file.make(METER, role) for role in key_file.ROLES])
    return key_file.load(path, METER)


def _der(ca: Path) -> bytes:
    """Return the first certificate of a PEM file; BenchError."""
    try:
        return x509.load_pem_x509_certificate(ca.read_bytes()).public_bytes(Encoding.DER)
    except (OSError, ValueError) as error:
        raise BenchError(f"{ca}: no certificate in PEM: {error}") from None
