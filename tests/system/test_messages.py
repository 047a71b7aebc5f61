"""Messages between two implementations: pycose, cbor2 and cryptography here, the firmware there.

Then mutations: half of them of the sealed message, half of what is sealed, so that the tag is
right. None is taken that the oracle calls wrong, and none that is refused changes anything.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest

from tests.oracle.instructions import is_right
from tests.system.message_meter import KEYS, METER, NOON, Answer, Meter
from tools.vend import envelope
from tools.vend.envelope import DOWN, UP
from tools.vend.errors import VendError
from tools.vend.instructions import CODES, body, shown
from tools.vend.key_file import Key

EXECUTED, EXECUTION_FAILURE = 3, 7
MONEY = (1, 2, 3, 4)
FORMAT, AUTHENTICATION, VALIDATION = 4, 5, 6
LENGTH, FORM, DIRECTION, TAG, NUMBER = 16, 17, 21, 22, 27
REFUSED, UNSUPPORTED = 32, 33
REFUSALS = {(FORMAT, reason) for reason in (LENGTH, FORM, 18, 19, 23, 24, 25)} | {
    (AUTHENTICATION, reason) for reason in (20, DIRECTION, TAG)} | {
    (VALIDATION, reason) for reason in (26, NUMBER, 28)} | {(EXECUTION_FAILURE, REFUSED)}
"""What mutations come to, each of them."""
PIECE = bytes(range(40))

# Name: role, fields. Each is right, and does no harm to the next.
RIGHT: dict[str, tuple[str, tuple[Any, ...]]] = {
    "credit": ("vending", (100, 5000)),
    "debit": ("administrator", (101, 700)),
    "clear_credit": ("administrator", (102,)),
    "close_account": ("administrator", (103,)),
    "tariff_piece": ("administrator", (bytes(8), 80, 0, PIECE)),
    "set_setting": ("technician", ("warnings", [300, 100])),
    "set_time": ("technician", (NOON + 100,)),
    "supply_off": ("administrator", ()),
    "supply_on": ("administrator", ()),
    "key_change": ("administrator", (1, b"V2", bytes(range(16)), b"V1")),
    "read_out": ("technician", (1,)),
    "reset_alarm": ("technician", ()),
    "test": ("technician", ()),
    "limits": ("technician", (["cut_off", -500, "warnings", [300, 100]],)),
    "schedule": ("administrator", (["mon-fri 17:30-11:00", "12-25 00:00-24:00"],)),
    "account_mode": ("administrator", (True, 5000, True)),
    "debt": ("administrator", (3, 70000)),
    "supply_until": ("administrator", (NOON + 86400,)),
    "keep_power": ("administrator", (True,)),
}


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[Meter]:
    with Meter(tmp_path / "meter") as found:
        yield found


def receipt(message: bytes) -> dict[int, Any]:
    key, _, found = envelope.open_message([KEYS["meter"]], message)
    assert key == KEYS["meter"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", RIGHT)
def test_each_instruction_and_its_receipt(meter: Meter, name: str) -> None:
    role, fields = RIGHT[name]
    content = body(name, *fields, expiry=NOON + 60)
    assert is_right(cbor2.dumps(content, canonical=True), role)
    message = envelope.seal(KEYS[role], 70000, content)
    answer = meter.send(message)
    assert (answer.status, answer.reason) == (EXECUTED, 0), answer.text
    said = receipt(answer.receipt)
    assert (said[2], said[3], said[4], said[5], said[7]) == (
        KEYS[role].kid, 70000, EXECUTED, 0, METER)
    assert said[6] == meter.ask("state")[0]
    assert shown(said)["status"] == "executed"
    assert meter.send(message).receipt == answer.receipt


def test_base_iv_that_begins_with_zeros(meter: Meter) -> None:
    """pycose alone would make the nonce too short."""
    for first in range(256):
        found = Key(METER, "vending", b"Z" + bytes([first]), bytes(range(16, 32)))
        if first and not envelope.material(found, DOWN)[1][0]:
            break
    else:
        pytest.fail("no base IV of these begins with a zero")
    change = body("key_change", 1, found.kid, bytes(range(16, 32)), b"V1")
    assert meter.send(envelope.seal(KEYS["administrator"], 1, change)).status == EXECUTED
    assert meter.send(envelope.seal(found, 1, body("credit", 5, 6))).status == EXECUTED


def test_receipts_are_bound(meter: Meter) -> None:
    message = meter.send(envelope.seal(KEYS["vending"], 1, body("credit", 5, 6))).receipt
    own = KEYS["meter"]
    envelope.open_message([own], message)
    for key, direction in ((own, DOWN), (Key("1", "meter", own.kid, own.secret), UP),
                           (Key(METER, "meter", own.kid, bytes(range(16))), UP)):
        with pytest.raises(VendError, match="not authentic"):
            envelope.open_message([key], message, direction)
    with pytest.raises(VendError, match="no such key"):
        envelope.open_message([KEYS["vending"]], message)
    for at in range(len(message)):
        spoilt = bytearray(message)
        spoilt[at] ^= 1
        with pytest.raises(VendError):
            envelope.open_message([own], bytes(spoilt))


def test_each_refusal_has_its_code(meter: Meter) -> None:
    credit = body("credit", 5, 6)
    vending = KEYS["vending"]
    good = envelope.seal(vending, 9, credit)
    technician = KEYS["technician"].secret
    for message, status, reason in (
            (envelope.seal(Key(METER, "vending", b"V1", technician), 9, credit),
             AUTHENTICATION, TAG),
            (envelope.seal(Key("01234567891", "vending", b"V1", vending.secret), 9, credit),
             AUTHENTICATION, TAG),
            (envelope.seal(vending, 9, credit, UP), AUTHENTICATION, TAG),
            (envelope.seal(Key(METER, "vending", b"V9", vending.secret), 9, credit),
             AUTHENTICATION, 20),
            (envelope.seal(KEYS["meter"], 9, credit, UP), AUTHENTICATION, DIRECTION),
            (envelope.seal(KEYS["technician"], 9, credit), VALIDATION, 26),
            (envelope.seal(vending, 9, {**credit, 1: NOON - 1}), VALIDATION, 28),
            (envelope.seal(vending, 9, {**credit, 9: 0}), FORMAT, 25),
            (envelope.seal(vending, 9, {0: 99}), FORMAT, 24),
            (envelope.seal_bytes(vending, DOWN, 9, b"\xa1\x00\x18\x01"), FORMAT, 23),
            (good[:-1] + bytes([good[-1] ^ 1]), AUTHENTICATION, TAG),
            (good[:-1], FORMAT, FORM), (good[:21], FORMAT, LENGTH),
            (good + bytes(600), FORMAT, LENGTH),
    ):
        answer = meter.send(message)
        assert (answer.status, answer.reason) == (status, reason), answer.text
        assert (answer.changed, answer.number_used, answer.files) == (False, False, 0)
        assert bool(answer.receipt) == (reason in (23, 24, 25, 26, 28))
    assert meter.send(good).status == EXECUTED


def test_numbers_over_a_start(meter: Meter) -> None:
    key = KEYS["administrator"]
    first = meter.send(envelope.seal(key, 500, body("supply_off")))
    meter.ask("restart")
    again = meter.send(envelope.seal(key, 500, body("supply_off")))
    assert receipt(again.receipt) == receipt(first.receipt)
    assert (again.changed, again.number_used, again.files) == (False, False, 0)
    other = meter.send(envelope.seal(key, 500, body("supply_on")))
    assert (other.status, other.reason, other.changed) == (VALIDATION, NUMBER, False)


# --- mutations ------------------------------------------------------------------------------

VALUES: tuple[Any, ...] = (
    0, 1, 23, 24, 255, 256, 65535, 1 << 24, (1 << 30) - 1, 1 << 30, 1 << 32, (1 << 64) - 1,
    1 << 64, -1, -(1 << 31), -(1 << 64), b"", b"V1", bytes(16), bytes(400), "", "zone", "x" * 70,
    "\u00fc",
    "\n", [], [1], ["a"], [[1]], [[[[[1]]]]], {}, {0: 1}, None, True, False, 1.5, float("nan"),
    cbor2.undefined, NOON, NOON - 100, NOON + 10 ** 9, cbor2.CBORTag(1, 5),
    cbor2.CBORSimpleValue(5),
)


def bytes_changed(chance: random.Random, data: bytes) -> bytes:
    """A byte string with one to three changes."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(found) + 1)
        what = chance.randrange(6)
        if what == 0 and at < len(found):
            found[at] ^= 1 << chance.randrange(8)
        elif what == 1 and at < len(found):
            found[at] = chance.randrange(256)
        elif what == 2:
            del found[at:at + chance.choice((1, 1, 2, 8, 100))]
        elif what == 3:
            found[at:at] = chance.randbytes(chance.choice((1, 1, 2, 8, 600)))
        elif what == 4:
            found[at:at] = found[at:at + chance.choice((1, 4, 16))]
        else:
            found[at:at + 1] = chance.choice((b"\xff", b"\x1b\xff", b"\x9f", b"\xbf", b"\x5f",
                                              b"\xd8\x18", b"\xf9\x00\x00", b"\x18\x05"))
    return bytes(found)


def content_changed(chance: random.Random, content: dict[int, Any]) -> bytes:
    """What is sealed in place of a body."""
    found: dict[Any, Any] = dict(content)
    what = chance.randrange(5)
    if what == 0:
        return bytes_changed(chance, cbor2.dumps(found, canonical=True))
    if what == 1:
        found[chance.choice(list(found))] = chance.choice(VALUES)
    elif what == 2:
        found[chance.choice((1, 2, 3, 4, 5, 6, 9, -1, 1 << 40, "a", b"b", True))] = (
            chance.choice(VALUES))
    elif what == 3:
        del found[chance.choice(list(found))]
    else:
        found[0] = chance.choice((0, 21, 99, *CODES.values()))
    # Keys in reverse order, or in the order there is: not always the one form.
    if chance.random() < 0.1:
        return cbor2.dumps(dict(reversed(found.items())))
    return cbor2.dumps(found, canonical=True)


def envelope_changed(chance: random.Random, message: bytes) -> bytes:
    """A message that is no longer the one sealed."""
    if chance.random() < 0.4:
        return bytes_changed(chance, message)
    parts = cbor2.loads(message).value
    protected, headers, sealed = parts
    what = chance.randrange(8)
    if what == 0:
        headers[4] = chance.choice((b"V1", b"A1", b"T1", b"M1", b"X", b"", bytes(9), 1, "V1"))
    elif what == 1:
        headers[6] = chance.choice((b"", b"\0", b"\1", b"\0\1", b"\xff" * 4, bytes(5), 7))
    elif what == 2:
        protected = chance.choice((b"", b"\xa0", b"\xa1\x01\x01", b"\xa1\x01\x18\x0a"))
    elif what == 3:
        sealed = sealed[:chance.randrange(len(sealed))]
    elif what == 4:
        sealed = bytes_changed(chance, sealed)
    elif what == 5:
        headers[chance.choice((1, 5, 7, -1))] = chance.choice((b"", 1, bytes(13)))
    elif what == 6:
        del headers[chance.choice((4, 6))]
    else:
        parts = chance.choice(([protected, headers], [protected, headers, sealed, []],
                               {0: protected}, [headers, protected, sealed], None))
        return cbor2.dumps(cbor2.CBORTag(16, parts), canonical=True)
    tag = chance.choice((16, 16, 16, 16, 96, 17))
    return cbor2.dumps(cbor2.CBORTag(tag, [protected, headers, sealed]), canonical=True)


class Trial:
    """Mutations of one seed, and what became of them."""

    def __init__(self, meter: Meter, seed: int) -> None:
        self.meter = meter
        self.seed = seed
        self.chance = random.Random(seed)
        self.results: dict[tuple[int, int], int] = {}
        self.number = 0
        self.used: dict[str, int] = {}
        """The highest number that the meter has taken, by role."""
        self.done: set[bytes] = set()
        """Messages that the meter has carried out and answers again."""

    def content(self) -> tuple[str, dict[int, Any]]:
        name = self.chance.choice(list(RIGHT))
        role, fields = RIGHT[name]
        return role, body(name, *fields, expiry=self.chance.choice((None, NOON, NOON - 1)))

    def before_sealing(self) -> None:
        """Change what is sealed, who seals it or its number; the tag is right."""
        role, content = self.content()
        sender = self.chance.choice(("vending", "administrator", "technician", role, role))
        plaintext = content_changed(self.chance, content)
        number = self.chance.choice((self.number, self.number, max(1, self.used.get(sender, 1))))
        message = envelope.seal_bytes(KEYS[sender], DOWN, number, plaintext)
        right = is_right(plaintext, sender)
        if right:
            found = cbor2.loads(plaintext)
            right = found.get(1, NOON) >= NOON and (
                found[0] in MONEY or number > self.used.get(sender, 0))
        self.judge(sender, number, message, right, f"{message.hex()} {plaintext.hex()}")

    def after_sealing(self) -> None:
        """Change the message, or what it is bound to."""
        role, content = self.content()
        key, direction = KEYS[role], DOWN
        what = self.chance.randrange(12)
        if what == 0:
            direction = UP
        elif what == 1:
            key = Key("01234567891", role, key.kid, key.secret)
        elif what == 2:
            key = Key(METER, role, key.kid, self.chance.randbytes(16))
        elif what == 3:
            key = KEYS["meter"]
        message = envelope.seal(key, self.number, content, direction)
        if what > 3:
            good, message = message, envelope_changed(self.chance, message)
            if message == good:
                return
        answer = self.judge(role, self.number, message, False, message.hex())
        assert answer.status in (FORMAT, AUTHENTICATION) and not answer.receipt, message.hex()

    def judge(self, role: str, number: int, message: bytes, right: bool, what: str) -> Answer:
        answer = self.meter.send(message)
        why = f"seed {self.seed}, {what}: {answer.text}"
        result = answer.status, answer.reason
        self.results[result] = self.results.get(result, 0) + 1
        if answer.status == EXECUTED:
            again = message in self.done and not (
                answer.changed or answer.number_used or answer.files)
            assert right or again, why
            self.done.add(message)
            if answer.changed:
                self.meter.ask("new")
                self.used = {}
                self.done = set()
            elif answer.number_used:
                self.used[role] = number
            return answer
        assert not answer.changed, why
        if answer.number_used:
            # Rightly asked, but not of this meter.
            assert right and result in (
                (EXECUTION_FAILURE, REFUSED), (EXECUTION_FAILURE, UNSUPPORTED)), why
            self.used[role] = number
        else:
            assert not answer.files, why
        return answer

    def run(self, count: int) -> None:
        for _ in range(count // 2):
            self.number += 1
            self.before_sealing()
            self.after_sealing()


def run_mutations(folder: Path, seed: int, count: int) -> dict[tuple[int, int], int]:
    """Try so many mutations; return how often each result was given."""
    with Meter(folder) as meter:
        trial = Trial(meter, seed)
        trial.run(count)
    return trial.results


def test_sample_of_mutations(tmp_path: Path) -> None:
    results = run_mutations(tmp_path / "meter", 1, 2500)
    assert set(results) >= REFUSALS, results


@pytest.mark.sweep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(2, 12))
def test_mutations(tmp_path: Path, seed: int) -> None:
    results = run_mutations(tmp_path / "meter", seed, 10000)
    assert set(results) >= REFUSALS, results
