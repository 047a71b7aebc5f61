"""`python -m tools.docs.messages`: print docs/messages.md, with the firmware's own tables.

The example is made by pycose, and so by another implementation than the firmware's.
"""

from typing import Any

import cbor2

from tools.docs import firmware
from tools.vend import envelope, instructions
from tools.vend.envelope import DOWN
from tools.vend.key_file import Key

KINDS = {
    "i": "integer", "b": "byte string", "t": "text", "s": "Unix seconds", "f": "true or false",
    "v": "integer, boolean, text, or list of integers and texts",
    "p": "list of names and values in turn", "h": "list of texts",
}
ROLES = {"v": "vending", "a": "administrator", "t": "technician", "h": "head-end"}

MEANINGS = {
    "credit": "A purchase. Its TID is its identity in messages and 20-digit tokens alike. Data: "
              "[units that paid a [debt](charges.md#debts)], if any did.",
    "debit": "Take credit back: a refund or a correction. The balance may go below 0.",
    "clear_credit": "Take all credit off; a debt stays. Data: [units taken off].",
    "close_account": "A tenant moves out: statement as at a month's end, tiers from the "
                     "beginning, balance 0. Data: [balance it was], to be paid out, or in if "
                     "below 0, and then the three debts if there were any: they end. Replay "
                     "marks stay.",
    "tariff_piece": "A piece of a tariff document, in order; one at 0 begins anew. Data: [bytes "
                    "there are now]. `digest`: first 8 bytes of the document's SHA-256.",
    "tariff_activate": "The document takes over at `start`.",
    "set_setting": "One of the meter's settings by name: limits, levels of warning, zone.",
    "set_time": "Set the clock.",
    "supply_off": "Supply stays off, also over a power cut, until `supply_on`.",
    "supply_arm": "Lift what `supply_off` did, and wait for the customer's press; `unsupported` "
                  "on a meter without a button.",
    "supply_on": "Lift what `supply_off` did; other reasons stay. Whether a press is waited for "
                 "goes by the [control mode](supply.md#control-modes).",
    "supply_until": "Temporary supply: lifts want of credit until then, at most 31 days, while "
                    "the meter knows the time. `refused` while it does not.",
    "keep_power": "Lift want of credit until taken back.",
    "key_change": "A new key: 1 vending, 2 administrator, 3 technician, 4 the meter's own, 5 "
                  "head-end. With "
                  "`replaces`, in place of that one; without, beside the others.",
    "key_remove": "Take a key away; the meter's own and the last administrator's stay.",
    "read_out": "0 status, 1 [registers](registers.md): [+A, -A, +R, -R, quadrants I to IV, +VA, "
                "-VA], 2 daily freezes: `count` days from `first` on, days since 2020-01-01, 3 "
                "[demand](registers.md#demand): [minutes, sub-periods, W running of import and "
                "export, W last of both, its time, highest import, its time, highest export, its "
                "time, these four of the month before, sums of both].",
    "demand_reset": "Begin the maxima of [demand](registers.md#demand) anew. Data: [import, "
                    "export], those until now in W. `unsupported` while demand is off.",
    "reset_alarm": "Try the relay again after a fault, and lift the [reasons]"
                   "(supply.md#reasons-and-who-lifts-them) that the role may. From an "
                   "administrator also: go on with a storage "
                   "[restored from a copy](anti-theft.md#storage-restored-from-a-copy).",
    "reset_lock_out": "Clear the lock-out of 20-digit tokens, on every carrier.",
    "test": "Test every part. Data: [how many, bit set of those that failed].",
    "clear_events": "Clear a class of events: {classes}. A trace stays.",
    "acknowledge": "What the meter sent has arrived: all numbers up to `last`, and "
                   "last + 2 + i for each bit i of `beyond`, lowest first. No receipt.",
    "resend": "Send `count` numbers again from `first` on, as far as they are held. No receipt.",
    "send_reading": "Send a reading at once. No receipt.",
    "limits": "Several [settings](supply.md#settings) at once, all or none: a list of name, "
              "value, name, value...",
    "schedule": "The [friendly hours](supply.md#friendly-hours) anew; an empty list for none.",
    "account_mode": "Remote: the head-end keeps the account, and the meter delivers `limit` "
                    "more, in Wh if `energy`, otherwise in credit units; sent again it renews "
                    "the limit. Not remote: the balance decides. Data: [what was left].",
    "debt": "What a [debt](charges.md#debts) is from now on: 1 and 2 are recovered by time, 3 as "
            "a share of top-ups; how, say settings. 0 forgives it. Data: [what was left of it].",
    "output": "An [auxiliary output](load-control.md) on or off until then, at most 7 days; "
              "without `on` and `until` by its rules again. `unsupported` without rules.",
}

REASONS = {
    "length": "the message, or what is sealed in it, is too long or too short",
    "form": "not a COSE_Encrypt0 in deterministic CBOR with tag 16",
    "algorithm": "the protected header is not {1: 10}",
    "header": "the unprotected header is not {4: kid, 6: number}, both in their one form",
    "key": "the meter holds no such key, or it has been replaced",
    "direction": "made with the meter's own key, but came to the meter",
    "tag": "not made with this key, for this meter, in this direction; or altered",
    "body": "what was sealed is no map in deterministic CBOR",
    "instruction": "no instruction of this code",
    "field": "a field is missing, unknown, of another kind or out of range",
    "role": "the instruction is not for this role",
    "number": "not above the last number of this key",
    "expired": "the time is known and past the expiry",
    "factory_key": "a factory's key is still held: only keys may be changed",
    "key_ring": "the keys cannot be as asked: ids or keys twice, too many, or one missing",
    "interrupted": "power failed while it was carried out: it may have been done or not",
    "refused": "the part of the meter that it is for would not",
    "unsupported": "this meter or firmware has nothing that could do it",
}

PAGE = """\
# Messages

Authenticated instructions to the meter and its receipts, whatever carries them. This page is
printed by `python -m tools.docs.messages`; do not edit it. The meter's side is in
[`vending/`](../firmware/joulegate/vending), the sender's in [`tools/vend`](../tools/vend): two
implementations that share no code.

## The envelope

A message is a COSE_Encrypt0 (RFC 9052) with AES-CCM-16-64-128 (RFC 9053), {least} to {most}
bytes, always tagged:

| bytes | content |
|---|---|
| `d0` | CBOR tag 16, COSE_Encrypt0 |
| `83` | array of three |
| `43 a1010a` | protected header {{1: 10}}: AES-CCM-16-64-128 |
| `a2` | unprotected header, a map of two |
| `04 4x` kid | id of the key, 1 to 8 bytes |
| `06 4x` number | partial IV: the message number, 1 to 4 bytes, from 1 on, no leading zero |
| `4x`, `58` or `59`, length | ciphertext, then 8 bytes of tag |

All CBOR, outside and inside, is deterministic (RFC 8949 section 4.2) and of a subset: integers,
byte strings, texts of printable ASCII, arrays, maps with integer keys, false, true and null; at
most {count} items a container and {depth} levels. Any other form is refused.

The context binds a message to the protocol's version, its direction (0 to the meter, 1 from it),
the meter and the sender:

    context = CBOR ["Joulegate", {protocol}, direction, meter id, kid]

It is the external data of COSE, and the info by which the stored 16-byte key makes the content
key and the base IV:

    HKDF-SHA-256(key, no salt, info = context, 29 bytes) = content key (16) | base IV (13)
    nonce = base IV XOR number, padded with zeros on the left to 13 bytes

So no two directions, senders or meters share a nonce, and a sender must never use a number
twice. `tools/vend` keeps used numbers in its database, and takes none below the clock's seconds.
The meter leases its own numbers {lease} at a time, stored before the first is used; a start
leaves out a whole lease, and takes none below its clock.

## Roles and keys

| role | may |
|---|---|
| vending | credit; each vending station has a kid and key of its own |
| administrator | all |
| technician | look, set time and settings, reset alarms, test |
| head-end | acknowledge what the meter sends, have it sent again, read out |
| meter | nothing: the key is for what the meter sends |

A meter holds at most {keys} keys, one of them its own and at least one an administrator's. Keys
that the factory set must all be changed before anything else is done. A key change and its
receipt are saved in one write; a key that replaces itself stays just to give that receipt again,
until the next message is taken. A key that was removed must never be used again: its numbers
begin anew.

They lie in [files, in NVS, or sealed by a secure element](keys.md), as the board has it, and
twice, for flash that falls back to an older state
([`key_record.py`](../firmware/joulegate/vending/key_record.py) has the layout). **In files,
whoever can read the flash can read them.** They are brought to the meter before it is provisioned,
by `meterctl keys install --messages`; a meter without keys loads none of the modules for messages.
A technician's and an administrator's key also open [a locked console](console.md#locked).

## The body

A map: 0 the instruction, 1 its expiry in Unix seconds, which may be absent, from 2 on the fields.
The expiry counts only while the meter knows the time.

| code | instruction | roles | fields |
|---:|---|---|---|
{table}

{meanings}

## Once only

- **Money** (`credit`, `debit`, `clear_credit`, `close_account`) counts once by its TID, kept in
  the ledger's record with the balance. Messages may come in any order. Sent again over the same
  carrier, it is answered as before; typed as digits first, it is `used`.
- **All else** needs a number above the last of its key. The number is used up before the deed
  and the answer kept after it, so the same message sent again gets the same answer and does
  nothing. If power fails in between the answer is 8, `interrupted`.
- **About the uplink** (`acknowledge`, `resend`, `send_reading`) no number is kept and no receipt
  sent: they come with every few messages of the meter and would wear the file of the keys, and
  a replay does no harm ([the uplink](uplink.md#acknowledgement)).
- What is not proven writes nothing and gets no receipt.

## The receipt

A message of the meter, with its own key. The body: 0 the code 1, 1 the meter's time in Unix
seconds when the message came, absent when it does not know it, 2 the kid and 3 the number of the
message that it answers, 4 the status, 5 the reason, 6 the balance in credit units, 7 the meter,
8 what was asked for, if anything, 9 its number in the [outbox](uplink.md), if it is held there.
The other messages of the meter are in [the uplink](uplink.md).

| status | DLMS/COSEM class 115 |
|---:|---|
{statuses}

| reason | | |
|---:|---|---|
{reasons}

Status, as data of a read-out: {{0: connected, 1: reasons against supply, a bit set as in
[the table](supply.md#reasons-and-who-lifts-them), 2: relay fault, 3: centivolts,
4: milliamperes, 5: watts, 6: number of the last commit, 7: time is known, 8: credit is
suspended, 9: digest of the tariff, 10: what lifts want of credit, a bit set, 11: control state
of class 70, 12: what is left of a remote account's limit; of a meter that has or had debts also
13: the three [debts](charges.md#debts), 14: what was recovered in all}}. Registers: [+A, -A, +R,
-R] in Wh and varh. Days: a list of [day, flags, +A, -A, +R, -R, balance, charges, credits], as in
the [daily freezes](records.md#daily-freezes).

## An example

A key that anybody would guess, for meter `{meter}`: a credit of 2.5 in units of 1e-5.

| | |
|---|---|
| key | `{key}` |
| kid | `{kid}`, number {number} |
| body | {content}, in CBOR `{plaintext}` |
| context | `{context}` |
| content key | `{content_key}` |
| base IV | `{base_iv}` |
| nonce | `{nonce}` |
| message | `{message}` |

## From the command line

```console
$ python -m tools.vend keys make --meter 01234567890 --keys keys.json
$ python -m tools.vend credit 12.50 --meter 01234567890 --keys keys.json
$ python -m tools.vend supply until --until 2027-01-31T18:00 --meter 01234567890 --keys keys.json
$ python -m tools.vend schedule 'mon-fri 17:30-11:00' --meter 01234567890 --keys keys.json
$ python -m tools.vend account remote --limit 500Wh --meter 01234567890 --keys keys.json
$ python -m tools.vend receipt d083... --meter 01234567890 --keys keys.json
```

`meterctl message FILE` brings messages over the console and prints the receipts.

The key file has mode 0600 or is refused. `--issued-file` names one file for messages and tokens
of the same meters, so that a TID is given out once.
"""


def page() -> str:
    """The whole page."""
    module = firmware.load
    table = module("joulegate.vending.instructions").TABLE
    rows = [line.split() for line in table.splitlines()]
    classes = ", ".join(
        f"{i} {name}"
        for i, name in enumerate(module("joulegate.core.event_classes").NAMES))
    result = module("joulegate.vending.message_result")
    purchase = module("joulegate.core.purchase_result").REASONS
    cbor = module("joulegate.vending.cbor")
    frame = module("joulegate.vending.envelope")
    return PAGE.format(
        least=frame.LENGTH_MIN, most=frame.MESSAGE_MAX, count=cbor.COUNT_MAX,
        depth=cbor.DEPTH_MAX, protocol=frame.PROTOCOL,
        lease=module("joulegate.vending.leased_numbers").LEASE,
        keys=module("joulegate.vending.keys").KEYS_MAX,
        table="\n".join(_row(row) for row in rows),
        meanings="\n".join(
            f"- `{row[1]}`: {MEANINGS[row[1]].format(classes=classes)}" for row in rows),
        statuses="\n".join(f"| {n} | {text} |" for n, text in instructions.STATUSES.items()),
        reasons="\n".join(
            [f"| {n} | {name} | of a purchase or a token |"
             for n, name in enumerate(purchase) if name]
            + [f"| {result.REASONS_FROM + n} | {name} | {REASONS[name]} |"
               for n, name in enumerate(result.REASONS.split())]),
        **_example())


def _row(row: list[str]) -> str:
    fields = "<br>".join(_field(2 + i, text) for i, text in enumerate(row[3:]))
    roles = ", ".join(ROLES[initial] for initial in row[2])
    return f"| {row[0]} | `{row[1]}` | {roles} | {fields} |"


def _field(key: int, text: str) -> str:
    name, kind, *limits = text.split(":")
    said = f"{key} {name.rstrip('?')}: {KINDS[kind]}"
    if limits:
        said += f", {limits[0]} to {limits[1]}" if limits[0] != limits[1] else f", {limits[0]}"
        said += (" bytes" if kind == "b" else " characters" if kind in "tv"
                 else " items" if kind in "ph" else "")
    return said + (", may be absent" if name.endswith("?") else "")


def _example() -> dict[str, Any]:
    key = Key("01234567890", "vending", b"V1", bytes(range(16)))
    content = instructions.body("credit", 1000, 250000)
    content_key, base_iv = envelope.material(key, DOWN)
    number = 1
    nonce = (int.from_bytes(base_iv, "big") ^ number).to_bytes(13, "big")
    return {
        "meter": key.meter, "key": key.secret.hex(), "kid": key.kid.hex(), "number": number,
        "content": content, "plaintext": cbor2.dumps(content, canonical=True).hex(),
        "context": envelope.context(key.meter, DOWN, key.kid).hex(),
        "content_key": content_key.hex(), "base_iv": base_iv.hex(), "nonce": nonce.hex(),
        "message": envelope.seal(key, number, content).hex(),
    }


if __name__ == "__main__":
    print(page(), end="")
