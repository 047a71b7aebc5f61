"""What the fields of an OpenEI URDB record mean to a meter, and their exact numbers.

Field names: OpenEI Utility Rate Database, utility rates API, version 7.
"""

from decimal import Decimal

MAX_DECIMALS = 8
LIMIT = 10**9

# Fields the conversion reads.
READ = {
    "label", "uri", "name", "utility", "source", "sourceparent", "country", "approved",
    "startdate", "enddate", "energycomments", "energyratestructure", "energyweekdayschedule",
    "energyweekendschedule", "dgrules", "fixedchargefirstmeter", "fixedchargeunits", "mincharge",
    "minchargeunits",
}  # fmt: skip

# Fields that describe the rate or say who may have it, without a price.
DESCRIPTIVE = {
    "revisions", "latest_update", "is_default", "eiaid", "supersedes", "sector", "servicetype",
    "description", "basicinformationcomments", "demandcomments", "phasewiring", "voltagecategory",
    "voltageminimum", "voltagemaximum", "peakkwcapacitymin", "peakkwcapacitymax",
    "peakkwcapacityhistory", "peakkwhusagemin", "peakkwhusagemax", "peakkwhusagehistory",
}  # fmt: skip

# Fields that only shape a demand charge whose rates stand elsewhere; the price of further
# meters is here too, for a document is the bill of one meter.
WITHOUT_PRICE = {
    "demandunits", "demandrateunit", "demandwindow", "demandratchetpercentage",
    "demandweekdayschedule", "demandweekendschedule", "flatdemandunit", "flatdemandmonths",
    "coincidentrateunit", "coincidentrateschedule", "lookbackpercent", "lookbackmonths",
    "lookbackrange", "fixedchargeeaaddl",
}  # fmt: skip


class UrdbError(ValueError):
    """A record, or part of one, that a tariff document cannot carry."""

    def __init__(self, name: str, value: object, rule: str) -> None:
        super().__init__(f"{name}: {shortened(value)}: {rule}")


def shortened(value: object) -> str:
    """Return a value's text in at most 80 characters, for an error message."""
    text = str(value) if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def check_fields(record: dict) -> None:
    """Refuse a record with a field that changes the bill in a way the document cannot say.

    Fields with no effect, such as a demand charge of 0, pass.

    Raises:
        UrdbError: names the field.
    """
    for name, value in record.items():
        if name in READ or name in DESCRIPTIVE or name in WITHOUT_PRICE:
            continue
        if _has_effect(value):
            raise UrdbError(name, value, "a tariff document has no such charge or rule")


def _has_effect(value: object) -> bool:
    if isinstance(value, list):
        return any(_has_effect(item) for item in value)
    if isinstance(value, dict) and ("rate" in value or "adj" in value):
        return bool(value.get("rate") or value.get("adj"))
    return bool(value)


def exact_number(value: object, name: str, lowest: int = 0) -> Decimal:
    """Return a number of the record, exactly as it is written there.

    Raises:
        UrdbError: not a number from the lowest to 1e9 of at most 8 decimals.
    """
    rule = f"a decimal number from {lowest} to {LIMIT}, of at most {MAX_DECIMALS} decimals"
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise UrdbError(name, value, rule)
    number = Decimal(value)
    if not number.is_finite() or not lowest <= number <= LIMIT:
        raise UrdbError(name, value, rule)
    if number != number.quantize(Decimal(1).scaleb(-MAX_DECIMALS)):
        raise UrdbError(name, value, rule)
    return number + 0  # which makes 0 of -0


def decimal_text(number: Decimal) -> str:
    """Return a number in plain digits, as a tariff document writes it."""
    return format(number, "f")


def text(record: dict, name: str, default: str | None = None) -> str | None:
    """Return a field that is text, or the default where the record has none."""
    value = record.get(name, default)
    if value is not None and not isinstance(value, str):
        raise UrdbError(name, value, "text")
    return value


def needed_text(record: dict, name: str) -> str:
    """Return a field that must be there and be text."""
    value = text(record, name)
    if not value:
        raise UrdbError(name, value, "text, and not empty")
    return value
