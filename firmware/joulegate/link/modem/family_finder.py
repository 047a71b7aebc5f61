"""Which family a modem is of, by the model it names. Only that one is imported."""

from joulegate.link.errors import LinkError

# How the model begins: what comes first here wins.
_MODELS = (
    ("BC66", "quectel-bc"), ("BG9", "quectel-bg"), ("BG7", "quectel-bg"),
    ("EC", "quectel-ec"), ("EG", "quectel-ec"),
)
FAMILIES = ("quectel-ec", "quectel-bg", "quectel-bc")


def family(name: str) -> object:
    """Return the family of a name in FAMILIES; LinkError for another."""
    if name in ("quectel-ec", "quectel-bg", "quectel-bc"):
        from joulegate.link.modem import quectel_qi
        return {"quectel-ec": quectel_qi.QuectelEc, "quectel-bg": quectel_qi.QuectelBg,
                "quectel-bc": quectel_qi.QuectelBc}[name]()
    raise LinkError("modem family %r: must be one of %s" % (name, ", ".join(FAMILIES)))


def family_of(model: str) -> object:
    """Return the family of a model as AT+CGMM names it; LinkError for one nobody knows."""
    # Some put the maker before it.
    plain = model.upper().replace("QUECTEL_", "").replace("QUECTEL-", "").strip()
    for prefix, name in _MODELS:
        if plain.startswith(prefix):
            return family(name)
    raise LinkError("modem %r: none of the families of this firmware" % model[:40])
