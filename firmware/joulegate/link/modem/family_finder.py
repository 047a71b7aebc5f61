"""Which family a modem is of, by the model it names. Only that one is imported."""

from joulegate.link.errors import LinkError

# How the model begins: what comes first here wins.
_MODELS = (
    ("BC66", "quectel-bc"), ("BG9", "quectel-bg"), ("BG7", "quectel-bg"),
    ("BC95", "bc95"), ("EC", "quectel-ec"), ("EG", "quectel-ec"),
    ("A7670", "simcom"), ("A7672", "simcom"), ("SIM7600", "simcom"),
    ("SIM7080", "sim7080"), ("SIM7070", "sim7080"), ("SIM7020", "sim7020"),
)
FAMILIES = ("quectel-ec", "quectel-bg", "quectel-bc", "simcom", "sim7080", "sim7020", "bc95")


def family(name: str) -> object:
    """Return the family of a name in FAMILIES; LinkError for another."""
    if name in ("quectel-ec", "quectel-bg", "quectel-bc"):
        from joulegate.link.modem import quectel_qi
        return {"quectel-ec": quectel_qi.QuectelEc, "quectel-bg": quectel_qi.QuectelBg,
                "quectel-bc": quectel_qi.QuectelBc}[name]()
    if name == "simcom":
        from joulegate.link.modem.simcom_cip import Simcom
        return Simcom()
    if name == "sim7080":
        from joulegate.link.modem.sim7080_ca import Sim7080
        return Sim7080()
    if name == "sim7020":
        from joulegate.link.modem.sim7020_cso import Sim7020
        return Sim7020()
    if name == "bc95":
        from joulegate.link.modem.bc95_nso import Bc95
        return Bc95()
    raise LinkError("modem family %r: must be one of %s" % (name, ", ".join(FAMILIES)))


def family_of(model: str) -> object:
    """Return the family of a model as AT+CGMM names it; LinkError for one nobody knows."""
    # Some put the maker before it.
    plain = model.upper().strip()
    for maker in ("QUECTEL", "SIMCOM"):
        if plain.startswith(maker):
            plain = plain[len(maker):].lstrip("_- ")
    for prefix, name in _MODELS:
        if plain.startswith(prefix):
            return family(name)
    raise LinkError("modem %r: none of the families of this firmware" % model[:40])
