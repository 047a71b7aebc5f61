"""Certificates and keys of the technician: read as PEM or DER, checked, and made DER.

What Mbed TLS on a meter could not use is refused here, where it can be told why.
"""

import datetime
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
)

from tools.meterctl.errors import BadInput

CA, CERTIFICATE, KEY = KINDS = ("ca", "certificate", "key")
"""The settings that name such a file."""
SIZE_MAX = 4096
_FILE_MAX = 1 << 16
_RSA_BITS = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True)
class Item:
    """One certificate or key, as it goes onto the meter."""

    source: str
    kind: str
    der: bytes
    public: bytes
    """The public key, by which certificate and key are known to belong together."""
    facts: dict[str, str]
    """What a person may want to compare; nothing of it is secret."""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def name(self) -> str:
        """Of the file on the meter: another for another content, so that none is overwritten
        while it is in use."""
        return f"{self.kind}-{self.digest[:8]}.der"


def read(file: Path, kind: str | None, now: datetime.datetime) -> Item:
    """Read the one certificate or key of a file; BadInput.

    kind: one of KINDS that it must be; None: a certificate that may sign others is a CA's.
    """
    try:
        with file.open("rb") as f:
            data = f.read(_FILE_MAX + 1)
    except OSError as e:
        raise BadInput(f"{file}: {e.strerror}") from e
    if not data or len(data) > _FILE_MAX:
        raise BadInput(f"{file}: {'no' if not data else 'too many'} bytes: must be 1 to "
                       f"{_FILE_MAX}")
    found = _items(file, data)
    if kind is not None:
        found = [item for item in found if isinstance(item, x509.Certificate) != (kind == KEY)]
        if not found:
            raise BadInput(f"{file}: holds no {'private key' if kind == KEY else 'certificate'}")
    if len(found) != 1:
        raise BadInput(f"{file}: holds {len(found)} certificates and keys: must be one")
    item = found[0]
    if isinstance(item, x509.Certificate):
        return _certificate(file, item, kind, now)
    return _key(file, item)


def check_pair(items: list[Item]) -> None:
    """BadInput unless the items are of different kinds, and certificate and key one pair."""
    by_kind = {item.kind: item for item in items}
    if len(by_kind) != len(items):
        raise BadInput("link certificate: " + ", ".join(
            f"{item.source} is a {item.kind}" for item in items) + ": one of a kind at once")
    if CERTIFICATE in by_kind and KEY in by_kind and (
            by_kind[CERTIFICATE].public != by_kind[KEY].public):
        raise BadInput(f"{by_kind[KEY].source}: is not the key of the certificate in "
                       f"{by_kind[CERTIFICATE].source}")


def _items(file: Path, data: bytes) -> list[x509.Certificate | object]:
    blocks = list(_BLOCK.finditer(data))
    found: list[x509.Certificate | object] = []
    for block in blocks:
        label = block[1].decode()
        if label == "CERTIFICATE":
            try:
                found.append(x509.load_pem_x509_certificate(block[0]))
            except ValueError as e:
                raise BadInput(f"{file}: a certificate that cannot be read: {e}") from None
        elif label.endswith("PRIVATE KEY"):
            found.append(_load_key(file, block[0], pem=True))
        elif label != "EC PARAMETERS":
            raise BadInput(f"{file}: holds {label}: must be a certificate or a private key")
    if blocks:
        return found
    if b"-----BEGIN" in data:
        raise BadInput(f"{file}: PEM that is cut off or damaged")
    try:
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        pass
    return [_load_key(file, data, pem=False)]


def _load_key(file: Path, data: bytes, pem: bool) -> object:
    try:
        return (load_pem_private_key if pem else load_der_private_key)(data, None)
    except TypeError:
        raise BadInput(f"{file}: the key is encrypted: decrypt it first, as by `openssl pkey "
                       "-in FILE -out PLAIN`") from None
    except (ValueError, UnsupportedAlgorithm):
        what = "a private key that cannot be read" if pem else (
            "is neither certificate nor private key, PEM or DER")
        raise BadInput(f"{file}: {what}") from None


def _certificate(
    file: Path, item: x509.Certificate, kind: str | None, now: datetime.datetime
) -> Item:
    try:
        basic = item.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        basic = False
    found = kind or (CA if basic else CERTIFICATE)
    if found == CA and not basic and item.subject != item.issuer:
        raise BadInput(f"{file}: {_name(item.subject)}: is no CA: it may not sign others, and "
                       "did not sign itself")
    until = item.not_valid_after_utc
    if until < now:
        raise BadInput(f"{file}: {_name(item.subject)}: was valid until {until:%Y-%m-%d %H:%M} "
                       "UTC")
    try:
        public = item.public_key()
    except (ValueError, UnsupportedAlgorithm) as e:
        raise BadInput(f"{file}: {_name(item.subject)}: its public key: {e}") from None
    text = _strength(file, public)
    facts = {
        "subject": _name(item.subject), "issuer": _name(item.issuer), "names": _names(item),
        "valid from": f"{item.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        + (", which is not yet" if item.not_valid_before_utc > now else ""),
        "valid until": f"{until:%Y-%m-%d %H:%M} UTC", "public key": text}
    return _made(file, found, item.public_bytes(Encoding.DER), public, facts)


def _key(file: Path, item: object) -> Item:
    if not isinstance(item, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise BadInput(f"{file}: {type(item).__name__.lstrip('_')}: {_RULE}")
    text = _strength(file, item.public_key())
    # The form that modems take, too: they are given PRIVATE KEY, which is PKCS #8 (RFC 5958).
    der = item.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return _made(file, KEY, der, item.public_key(), {"private key": text})


_RULE = (f"must be an EC key on P-256, P-384 or P-521, or RSA of {_RSA_BITS} bits or more")


def _strength(file: Path, public: object) -> str:
    """Return what a public key is; BadInput for one that a meter cannot work with."""
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, _CURVES):
        return f"EC, {public.curve.name}"
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= _RSA_BITS:
        return f"RSA, {public.key_size} bits"
    size = getattr(public, "key_size", None)
    raise BadInput(f"{file}: {type(public).__name__.lstrip('_')}"
                   + (f" of {size} bits" if size else "") + f": {_RULE}")


def _made(file: Path, kind: str, der: bytes, public: object, facts: dict[str, str]) -> Item:
    if len(der) > SIZE_MAX:
        raise BadInput(f"{file}: {len(der)} bytes as DER: must be at most {SIZE_MAX}")
    assert isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
    return Item(str(file), kind, der, public.public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo), facts)


def _names(item: x509.Certificate) -> str:
    try:
        found = item.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    return ", ".join(found.get_values_for_type(x509.DNSName)
                     + [str(a) for a in found.get_values_for_type(x509.IPAddress)])


def _name(name: x509.Name) -> str:
    return name.rfc4514_string() or "(no name)"
