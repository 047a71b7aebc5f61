"""Keys as a host brings them, in JSON: the decoder key of tokens, and the ring of messages.

The forms are those of the files that `python -m tools.vend` makes. An error never tells a key.
"""

from binascii import unhexlify

from micropython import const

_ROLES = ("vending", "administrator", "technician", "meter", "head_end")
_NUMBERS = ("ea", "base", "ken", "krn", "kt", "sgc", "ti", "tct")
_HEX_MAX = const(64)


def decoder_key(document: dict) -> object:
    """Return the key of {"key": hex, "ea": 11, "base": 2014, ...}; ValueError names a field."""
    # Each imports its own: a meter may have the one kind of key and not the other.
    from joulegate.vending.sts_keys import DecoderKey
    if not isinstance(document, dict):
        raise ValueError("decoder key: must be an object")
    fields = {}
    for name in document:
        if name == "key":
            continue
        if name not in _NUMBERS:
            raise ValueError("decoder key: %s: must be key or one of %s" % (
                name, ", ".join(_NUMBERS)))
        value = document[name]
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("decoder key: %s: must be an integer" % name)
        fields[name] = value
    return DecoderKey(_bytes("decoder key: key", document.get("key")), **fields)


def message_keys(documents: list, factory: bool) -> list:
    """Return the entries of [{"role": name, "kid": hex, "key": hex}, ...]; ValueError."""
    from joulegate.vending.keys import KEYS_MAX, KeyEntry
    if not isinstance(documents, list) or not 1 <= len(documents) <= KEYS_MAX:
        raise ValueError("message keys: must be a list of 1 to %d keys" % KEYS_MAX)
    if not isinstance(factory, bool):
        raise ValueError("message keys: factory: must be true or false")
    entries = []
    for document in documents:
        if not isinstance(document, dict) or sorted(document) != ["key", "kid", "role"]:
            raise ValueError("message keys: each must be an object of role, kid and key")
        role = document["role"]
        if role not in _ROLES:
            raise ValueError("message keys: role %r: must be one of %s" % (
                role, ", ".join(_ROLES)))
        entries.append(KeyEntry(
            _ROLES.index(role) + 1, _bytes("message keys: kid", document["kid"]),
            _bytes("message keys: key", document["key"]), factory))
    return entries


def _bytes(what: str, text: object) -> bytes:
    try:
        if not isinstance(text, str) or len(text) > _HEX_MAX:
            raise ValueError
        return unhexlify(text)
    except ValueError:
        raise ValueError("%s: must be pairs of hexadecimal digits" % what) from None
