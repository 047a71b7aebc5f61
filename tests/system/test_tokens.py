"""Tokens both ways: what the vending side makes, the meter reads, and both agree with the
published vectors, which were made by neither."""

import json
import os
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.harness.execution import MICROPYTHON, micropython, search_path
from tools.bench.decode_token import decode
from tools.bench.process import BenchError
from tools.vend import sts
from tools.vend.sts import Group, StsError

ROOT = Path(__file__).resolve().parents[2]
DATA = json.loads((ROOT / "tests/vectors/sts_ea11.json").read_text())
VECTORS = DATA["vectors"]
VENDING_KEY = bytes.fromhex(DATA["vending_key"])
KEY = "f94b6ed353c3bfdb113e2d3a7ea3c41d"
METER = "01234567890"
SEED = 5


def module(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", name, *arguments], cwd=ROOT, capture_output=True, text=True,
        timeout=60)


def group(**changes: Any) -> Group:
    return Group(VENDING_KEY, DATA["sgc"], **changes)


def ids(vectors: list[dict[str, Any]]) -> list[str]:
    return [vector["name"] for vector in vectors]


# --- published vectors ------------------------------------------------------------------------


@pytest.mark.parametrize("key, base", sorted({
    (v.get("key") or v.get("old") or KEY, v.get("base", 1993)) for v in VECTORS}))
def test_the_meter_reads_every_vector(key: str, base: int) -> None:
    vectors = [v for v in VECTORS if (v.get("key") or v.get("old") or KEY) == key
               and v.get("base", 1993) == base]
    for v, said in zip(vectors, decode([v["token"] for v in vectors], key, str(base)),
                       strict=True):
        assert "error" not in said, v["name"]
        if "tid" in v:
            assert (said["class"], said["subclass"], said["tid"]) == (
                v["cls"], v["sub"], v["tid"])
            day, month, year = v["when"][:10].split("/")
            assert said["issued"] == f"{year}-{month}-{day}T{v['when'][11:16]}:00Z"
        if "amount_tenths" in v:
            name = "amount_kWh" if v["sub"] == 0 else "value"
            over = round(said[name] * 10) - v["amount_tenths"]
            assert 0 <= over < 10 ** (v["amount_field"] >> 14)
        elif "value" in v:
            assert said["value"] == v["value"]


@pytest.mark.parametrize("v", VECTORS, ids=ids(VECTORS))
def test_the_vending_side_makes_every_vector(v: dict[str, Any]) -> None:
    if "mfr" in v:
        control = v.get("control36")
        number = 1 << v["control_bit"] if control is None else int(control, 16)
        made = [sts.display(number, int(v["mfr"]), v["sub"] == 1)]
    elif "new" in v:
        made = sts.key_change(
            bytes.fromhex(v["old"]), bytes.fromhex(v["new"]),
            group(ti=f"{v['ti']:02}", krn=v["krn"], kt=v["kt"], ken=v["ken"]), bool(v["ro"]))
    else:
        if v["cls"] == sts.CREDIT:
            field = sts.amount_field(v["amount_tenths"])
            assert field == v["amount_field"]
        else:
            clear = v["sub"] == sts.CLEAR_CREDIT
            field = v["value"] if clear else sts.amount_field(v["value"])
        made = [sts.with_tid(
            bytes.fromhex(v["key"]), v["cls"], v["sub"], v["tid"], field, v["rnd"])]
    assert v["token"] in made


@pytest.mark.parametrize("entry", DATA["dkga04"])
def test_decoder_keys(entry: dict[str, Any]) -> None:
    made = sts.dkga04(
        group(base=entry["base"], ti=entry["ti"], krn=entry["krn"], ea=entry["ea"]),
        DATA["pan"][entry["pan"]])
    assert made.hex() == entry["key"]


def test_what_decoder_keys_are_made_of() -> None:
    assert sts.dkga04_message(group(base=1993), DATA["pan"][0]).hex() == DATA["dkga04_message"]
    old = DATA["dkga02"]
    for entry in old["keys"]:
        made = sts.dkga02(Group(bytes.fromhex(old["vending_key"]), old["sgc"], ti=entry["ti"],
                                kt=old["kt"], krn=old["krn"]), DATA["pan"][entry["pan"]])
        assert made.hex() == entry["key"]


def test_check_sum() -> None:
    v = DATA["crc"]
    body = v["rnd"] << 40 | v["tid"] << 16 | v["amount_field"]
    assert f"{sts.crc(v['class'], v['subclass'], body):04X}" == v["crc"]


# --- from one to the other ---------------------------------------------------------------------


@pytest.mark.parametrize("base", sts.BASES)
def test_random_tokens(base: int) -> None:
    rng = random.Random(f"{SEED} {base}")
    key = rng.randbytes(16)
    wanted, tokens = [], []
    for _ in range(400):
        cls, sub = rng.choice([(0, 0), (2, 0), (2, 1), (2, 5), (2, 6)])
        tid, field = rng.randrange(1 << 24), rng.randrange(1 << 16)
        tokens.append(sts.with_tid(key, cls, sub, tid, field, rng.randrange(16)))
        exponent, mantissa = field >> 14, field & 0x3FFF
        value = 10 ** exponent * mantissa + sum(16384 * 10 ** i for i in range(exponent))
        if (cls, sub) in ((2, 1), (2, 5)):
            value = field
        wanted.append((cls, sub, tid, value))
    said = decode(tokens, key.hex(), str(base))
    assert [(s["class"], s["subclass"], s["tid"],
             round(s["amount_kWh"] * 10) if "amount_kWh" in s else s["value"])
            for s in said] == wanted


def test_random_digits_are_no_tokens() -> None:
    rng = random.Random(SEED)
    said = decode([f"{rng.randrange(10 ** 20):020}" for _ in range(3000)], KEY)
    assert {s.get("error") for s in said} == {"format", "crc"}


def test_amounts_are_rounded_up_and_within_a_step() -> None:
    rng = random.Random(SEED)
    amounts = [0, 1, 16383, 16384, 16385, 180223, 180224, 1818623, 1818624, sts.AMOUNT_MAX]
    amounts += [rng.randrange(sts.AMOUNT_MAX) for _ in range(200)]
    key = bytes.fromhex(KEY)
    said = decode([sts.with_tid(key, 0, 0, 1000, sts.amount_field(a), 0) for a in amounts], KEY)
    for amount, s in zip(amounts, said, strict=True):
        over = round(s["amount_kWh"] * 10) - amount
        assert 0 <= over < (1 if amount < 16384 else 10 if amount < 180224 else
                            100 if amount < 1818624 else 1000)
    for wrong in (-1, sts.AMOUNT_MAX + 1, Fraction(sts.AMOUNT_MAX * 2 + 1, 2)):
        with pytest.raises(StsError, match="must be 0 to"):
            sts.amount_field(wrong)


def entered(folder: Path, lines: list[str], key: bytes, base: int = 2014) -> list[dict[str, Any]]:
    program = ROOT / "tests/enter_tokens.py"
    path = ":".join(str(p) for p in search_path(ROOT, program, MICROPYTHON))
    done = subprocess.run(
        [micropython(), "-X", "heapsize=192wK", str(program), str(folder), key.hex(), str(base)],
        input="\n".join(lines), env=os.environ | {"MICROPYPATH": path}, capture_output=True,
        text=True, timeout=60)
    assert done.returncode == 0, done.stderr + done.stdout
    return json.loads(done.stdout)


def test_a_token_counts_once_over_all_carriers(tmp_path: Path) -> None:
    key = bytes.fromhex(KEY)
    digits = sts.with_tid(key, 0, 0, 3155740, sts.amount_field(10), 3)
    lines = [f"{carrier} {digits}" for carrier in (3, 1, 2, 4, 5, 3)]
    said = entered(tmp_path, [*lines, "restart", *lines], key)
    assert [s["reason"] for s in said] == ["", *["used"] * 11]
    assert len({s["balance"] for s in said}) == 1


def test_a_key_change_of_the_vending_side(tmp_path: Path) -> None:
    pan = sts.meter_pan(METER)
    old, new = group(), group(ti="02", krn=2)
    before, after = sts.dkga04(old, pan), sts.dkga04(new, pan)
    tokens = sts.key_change(before, after, new)
    random.Random(SEED).shuffle(tokens)
    credit = [sts.with_tid(k, 0, 0, tid, 10, 0) for k, tid in (
        (before, 1000), (after, 1000), (after, 1001), (before, 1002))]
    said = entered(tmp_path, [f"2 {t}" for t in [credit[0], *tokens, *credit[1:]]], before)
    assert [s["waiting"] for s in said[1:5]] == [3, 2, 1, 0]
    assert [s["reason"] for s in said] == ["", "", "", "", "", "used", "", "crc"]


def test_roll_over_of_the_vending_side(tmp_path: Path) -> None:
    pan = sts.meter_pan(METER)
    old, new = group(), group(base=2035, krn=2)
    before, after = sts.dkga04(old, pan), sts.dkga04(new, pan)
    said = entered(tmp_path, [
        f"2 {sts.with_tid(before, 0, 0, 16000000, 10, 0)}",
        *[f"2 {token}" for token in sts.key_change(before, after, new, True)],
        f"2 {sts.with_tid(after, 0, 0, 16000000, 10, 0)}",
        f"2 {sts.with_tid(after, 0, 0, 5, 10, 0)}"], before)
    assert [s["reason"] for s in said] == [""] * 7


# --- the bench's command -----------------------------------------------------------------------


def read(token: str, *more: str) -> dict[str, Any]:
    done = module("tools.bench", "token", "--key", KEY, "--json", *more, token)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_command_prints_a_credit() -> None:
    v = next(v for v in VECTORS if v["name"] == "CTSA01_04.1")
    assert read(v["token"], "--base", "1993") == {
        "class": 0, "subclass": 0, "tid": 5871660, "issued": "2004-03-01T13:00:00Z",
        "amount_kWh": 0.1}


def test_the_command_prints_a_limit_with_its_value() -> None:
    v = next(v for v in VECTORS if v["name"] == "CTSA03_04")
    said = read("-".join(v["token"][i:i + 4] for i in range(0, 20, 4)), "--base", "1993")
    assert (said["class"], said["subclass"], said["value"]) == (2, 0, 1000)


@pytest.mark.parametrize("token, error", [
    ("1234", "format"), ("99999999999999999999", "format"), (str(2**66 - 1), "format"),
    ("59386323472137426968", "crc"),
    (sts.encode(bytes.fromhex(KEY), 2, 15, 0), "not_supported"),
    (sts.with_tid(bytes.fromhex(KEY), 0, 0, 129 << 16, 1, 0), "key_expired"),
])
def test_the_command_names_errors(token: str, error: str) -> None:
    assert read(token, "--ken", "128")["error"] == error


def test_the_command_reads_ea07_with_an_integrators_tables(tmp_path: Path) -> None:
    tables = tmp_path / "tables.json"
    identity = {"substitution_1": list(range(16)), "substitution_2": list(range(16)),
                "permutation": list(range(64))}
    tables.write_text(json.dumps(identity))
    # Tables that change nothing leave the block as it is.
    token = sts.with_tid(bytes(8), 0, 0, 77, 5, 0, lambda key, block: block)
    (said,) = decode([token], "00" * 8, tables=tables)
    assert (said["tid"], said["amount_kWh"]) == (77, 0.5)
    with pytest.raises(BenchError, match="--tables"):
        decode([token], "00" * 8)
    tables.write_text(json.dumps({**identity, "permutation": [0] * 64}))
    with pytest.raises(BenchError, match="permutation"):
        decode([token], "00" * 8, tables=tables)


def test_wrong_arguments_are_named() -> None:
    for arguments, text in (
            (("--key", "12", "1"), "32 hexadecimal"), (("--key", KEY, "--base", "2020", "1"),
                                                       "1993")):
        done = module("tools.bench", "token", *arguments)
        assert done.returncode == 2
        assert text in done.stderr
