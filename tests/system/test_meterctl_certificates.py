"""meterctl's command `link certificate` against made-up answers, and all of the link once from a
blank bench meter to a real broker, with its password and with TLS files refused and taken."""

import datetime
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.fake_meter import Board
from tests.system.brokers import Authority, Identity, Mosquitto, mosquitto_command, wait_until
from tools.bench.process import ROOT
from tools.meterctl import certificates
from tools.vend import key_file

Run = Callable[..., tuple[int, str, str]]

SETTINGS: dict[str, Any] = {
    "host": "broker.example", "port": 8883, "tls": True, "transports": [], "wifi": [],
    "ca": "ca-old.der", "certificate": "", "key": "",
}
LINK: dict[str, Any] = {
    "phase": "rest", "settings": SETTINGS, "files": [["ca-old.der", 600, "1f" * 32]]}
NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def linked(board: Board) -> Board:
    board.answer(link={"ok": LINK}, link_set={"ok": LINK})
    return board


@pytest.fixture
def authority() -> Authority:
    return Authority()


def pem(key: Any, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


def write(folder: Path, name: str, *parts: bytes) -> str:
    (folder / name).write_bytes(b"".join(parts))
    return str(folder / name)


def certificate_pem(identity: Identity) -> bytes:
    return identity.certificate.public_bytes(Encoding.PEM)


def take_files(board: Board, *items: certificates.Item) -> None:
    """Have the meter answer as one that has taken these files one after the other."""
    files = [["ca-old.der", 600, "1f" * 32]]
    answers = []
    for item in items:
        files = [*files, [item.name, len(item.der), item.digest]]
        answers.append({"ok": {"files": files}})
    board.answer(link_file=answers)


def item(file: str, kind: str | None = None) -> certificates.Item:
    return certificates.read(Path(file), kind, NOW)


def test_a_ca_goes_onto_the_meter_and_the_old_one_off(
    linked: Board, run: Run, tmp_path: Path, authority: Authority
) -> None:
    authority.identity.write(tmp_path, "ca")
    file = str(tmp_path / "ca.pem")
    der = (tmp_path / "ca.der").read_bytes()
    name = f"ca-{hashlib.sha256(der).hexdigest()[:8]}.der"
    for given in (file, str(tmp_path / "ca.der")):
        take_files(linked, item(given))
        code, output, errors = run("link", "certificate", given)
        assert (code, errors) == (0, "")
        assert f"{given}: in use as ca, {name}" in output
        assert "subject      CN=test authority" in output and "EC, secp256r1" in output
        assert b"".join(bytes.fromhex(r["hex"]) for r in linked.requests("upload")
                        )[-len(der):] == der
        assert linked.requests("link_set")[-1]["values"] == {"ca": name}
        assert linked.requests("link_file")[-2:] == [
            {"do": "link_file", "name": name},
            {"do": "link_file", "name": "ca-old.der", "remove": True}]
        take_files(linked, item(given))
        told = json.loads(run("link", "certificate", given, "--json")[1])
        assert told[0]["sha256"] == hashlib.sha256(der).hexdigest()
        assert told[0]["kind"] == "ca"


def test_certificate_and_key_go_together(
    linked: Board, run: Run, tmp_path: Path, authority: Authority
) -> None:
    own = authority.issue("meter-1")
    files = [write(tmp_path, "m.pem", certificate_pem(own)), write(tmp_path, "k", pem(own.key))]
    items = [item(file) for file in files]
    assert [i.kind for i in items] == ["certificate", "key"]
    take_files(linked, *items)
    code, output, errors = run("link", "certificate", *files)
    assert (code, errors) == (0, "")
    assert "names        meter-1" in output
    assert linked.requests("link_set") == [{"do": "link_set", "values": {
        "certificate": items[0].name, "key": items[1].name}}]
    # Modems are told that it is PRIVATE KEY, which is PKCS #8.
    assert items[1].der == own.key.private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    sec1 = write(tmp_path, "sec1", own.key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    assert item(sec1).der == items[1].der
    for only in files:
        code, _, errors = run("link", "certificate", only)
        assert code == 2 and "both or neither; name both files" in errors
    linked.answer(link={"ok": {**LINK, "settings": {**SETTINGS, "key": "key-1.der"}}})
    take_files(linked, items[0])
    assert run("link", "certificate", files[0])[0] == 0


def test_a_file_that_arrives_as_another(
    linked: Board, run: Run, tmp_path: Path, authority: Authority
) -> None:
    authority.identity.write(tmp_path, "ca")
    file = str(tmp_path / "ca.pem")
    for files, words in (
            ([], "has no file"), ([[item(file).name, 5, "00"]], "the meter has SHA-256 00")):
        linked.answer(link_file={"ok": {"files": files}})
        code, _, errors = run("link", "certificate", file)
        assert code == 3 and words in errors
    assert linked.requests("link_set") == []


def bad_files(folder: Path, authority: Authority) -> dict[str, tuple[str, str | None, str]]:
    """Return files that are refused: (file, --as, words of the error) by what is wrong."""
    own, other = authority.issue("meter-1"), authority.issue("meter-2")
    old = authority.issue("old", (-9, -2))
    cert = certificate_pem(own)
    small = rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP256K1())
    request = x509.CertificateSigningRequestBuilder().subject_name(
        own.certificate.subject).sign(own.key, own.certificate.signature_hash_algorithm)
    public = own.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    made = {
        "empty": (b"", None, "no bytes: must be 1 to 65536"),
        "long": (b"0" * 65537, None, "too many bytes"),
        "text": (b"hello", None, "is neither certificate nor private key, PEM or DER"),
        "cut DER": (own.certificate.public_bytes(Encoding.DER)[:-1], None, "is neither"),
        "cut PEM": (cert[:-20], None, "PEM that is cut off or damaged"),
        "bad PEM": (cert.replace(b"MII", b"!!!"), None, "a certificate that cannot be read"),
        "bad key": (pem(own.key).replace(b"MI", b"!!"), None, "private key that cannot be read"),
        "encrypted": (pem(own.key, b"x"), None, "the key is encrypted: decrypt it first"),
        "expired": (certificate_pem(old), None, "was valid until"),
        "several": (cert + certificate_pem(other), None, "holds 2 certificates and keys"),
        "both": (cert + pem(own.key), None, "holds 2 certificates and keys"),
        "no CA": (cert, "ca", "is no CA"),
        "no key": (cert, "key", "holds no private key"),
        "no certificate": (pem(own.key), "certificate", "holds no certificate"),
        "request": (request.public_bytes(Encoding.PEM), None, "holds CERTIFICATE REQUEST"),
        "public key": (public, None, "holds PUBLIC KEY: must be"),
        "weak": (pem(small), None, "RSAPublicKey of 1024 bits: must be an EC key"),
        "curve": (pem(curve), None, "must be an EC key on P-256"),
        "Ed25519": (pem(ed25519.Ed25519PrivateKey.generate()), None, "must be an EC key"),
    }
    return {what: (write(folder, what, data), kind, words)
            for what, (data, kind, words) in made.items()}


def test_files_that_are_not_sent(
    linked: Board, run: Run, tmp_path: Path, authority: Authority
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    for what, (file, kind, words) in bad_files(folder, authority).items():
        code, _, errors = run("link", "certificate", file, *(("--as", kind) if kind else ()))
        assert code == 2 and errors.startswith(f"error: {file}: ") and words in errors, (
            what, errors)
    own, other = authority.issue("meter-1"), authority.issue("meter-2")
    cert, key = write(folder, "c", certificate_pem(own)), write(folder, "k", pem(other.key))
    for arguments, words in (
            ((cert, key), f"{key}: is not the key of the certificate in {cert}"),
            ((cert, cert), "one of a kind at once"), (("nowhere",), "nowhere: No such file"),
            ((cert, "--as", "x"), "--as: must be ca"), ((cert, key, "--as", "ca"), "one file")):
        code, _, errors = run("link", "certificate", *arguments)
        assert code == 2 and words in errors, errors
    assert linked.requests() == []


def test_one_of_several_by_its_kind(tmp_path: Path, authority: Authority) -> None:
    own = authority.issue("meter-1")
    both = write(tmp_path, "both", certificate_pem(own), pem(own.key))
    assert item(both, "key").public == item(both, "certificate").public
    signed_itself = write(tmp_path, "ca", certificate_pem(authority.identity))
    assert item(signed_itself, "ca").der == item(signed_itself).der
    strong = write(tmp_path, "rsa", pem(rsa.generate_private_key(65537, 2048)))
    assert item(strong).facts == {"private key": "RSA, 2048 bits"}
    later = write(tmp_path, "later", certificate_pem(authority.issue("x", (1, 30))))
    assert "which is not yet" in item(later).facts["valid from"]


# --- on the bench ---------------------------------------------------------------------------

METER = "47110815"
HOST = "broker.example"


def meterctl(port: str, *arguments: str, typed: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tools.meterctl", "--port", port, *arguments], cwd=ROOT,
        input=typed, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def told(port: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(meterctl(port, "link", "--json"))
    return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[str]:
    """The port of a blank bench meter's console."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.bench", "serve", "--blank", "--state",
         str(tmp_path / "meter"), "--port", "0"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        yield process.stdout.readline().split()[1]
    finally:
        process.stdin.close()
        process.wait(timeout=60)
        process.stdout.close()


def test_a_bench_meter_gets_to_a_broker_that_asks_for_everything(
    bench: str, tmp_path: Path, authority: Authority
) -> None:
    """TLS with the meter's own certificate, user and password, all brought by meterctl."""
    mosquitto_command()
    files = tmp_path / "files"
    files.mkdir()
    authority.identity.write(files, "ca")
    authority.issue(HOST).write(files, "broker")
    own = authority.issue("meter-1")
    own.write(files, "own")
    key = write(files, "sec1.pem", own.key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    keys = tmp_path / "keys.json"
    key_file.store(keys, METER, [key_file.make(METER, role) for role in key_file.ROLES])
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "meter", "hunter2"],
                   check=True, timeout=10, stderr=subprocess.DEVNULL)
    broker = Mosquitto(
        tmp_path / "broker",
        tls=(files / "ca.pem", files / "broker.pem", files / "broker.key.pem"),
        client_certificates=True, options=("allow_anonymous false", f"password_file {passwords}"))
    with broker:
        meterctl(bench, "keys", "install", "--messages", str(keys), "--meter-id", METER,
                 "--final")
        meterctl(bench, "provision", "--meter-id", METER, "--tariff",
                 "data/tariffs/tariffs.json#cn-beijing-2012")
        meterctl(bench, "link", "set", "host=127.0.0.1", f"server_name={HOST}",
                 f"port={broker.port}", "transports=socket", "user=meter", "password=@-",
                 typed="hunter2\n")
        wait_until(lambda: "ca.der" in told(bench)["failure"])
        meterctl(bench, "link", "certificate", str(files / "ca.pem"))
        wait_until(lambda: told(bench)["failed_tries"] > 2)
        assert not told(bench)["connected"]
        meterctl(bench, "link", "certificate", str(files / "own.der"), key)
        wait_until(lambda: told(bench)["connected"], tell=lambda: str(told(bench)))
        found = told(bench)
        assert [row[0].split("-")[0] for row in found["files"]] == ["ca", "certificate", "key"]
        assert found["session"]["published"] >= 1 and found["outbox"]["next"] > 1
        assert "hunter2" not in json.dumps(found)
        # Another of each, and the connection is made anew with it.
        renewed = authority.issue("meter-1")
        renewed.write(files, "own")
        meterctl(bench, "link", "certificate", str(files / "own.der"), str(files / "own.key.der"))
        wait_until(lambda: (now := told(bench))["connected"]
                   and now["session"]["connections"] == 2, tell=lambda: str(told(bench)))
        assert len(told(bench)["files"]) == 3
        tests = {row["name"]: row for row in json.loads(
            meterctl(bench, "test", "--json"))["tests"]}
        assert tests["link"] == {"name": "link", "passed": True, "text": "set, socket"}
        assert f"joulegate-{METER} (p2, c0, k120, u'meter')" in broker.log
