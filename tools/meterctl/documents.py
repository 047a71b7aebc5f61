"""Files of the technician: a tariff and a calibration, checked before anything is sent."""

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench import documents
from tools.bench.process import BenchError
from tools.meterctl import firmware
from tools.meterctl.errors import BadInput

_METERING_ICS = ("atm90e26", "ade7953", "atm90e32", "bl0942")
"""Whose calibration files are known; each has names of its own."""


@dataclass(frozen=True)
class Document:
    """A tariff document: where it came from, its bytes as they are sent, and what it says."""

    reference: str
    data: bytes
    currency: str
    digest: str
    """The first 8 bytes of the SHA-256 of the data, as the meter names the document."""
    content: dict[str, Any]

    def check(self, counts_per_kWh: int, unit_places: int) -> None:
        """BadInput unless the firmware's own rules take it for such a meter."""
        try:
            firmware.module("core.tariff").Tariff(
                firmware.module("core.tariff_document").TariffDocument(self.content),
                counts_per_kWh, unit_places)
        except (ValueError, RecursionError) as e:
            raise BadInput(f"{self.reference}: {e}") from e


def read_tariff(reference: str) -> Document:
    """Read FILE or FILE#ID and check all of it that does not depend on the meter."""
    try:
        found = documents.find(reference)
    except (BenchError, RecursionError) as e:
        raise BadInput(str(e)) from e
    if len(found) != 1:
        raise BadInput(f"tariff {reference}: names {len(found)} tariffs; name one: FILE#ID")
    store = firmware.module("storage.tariff_store")
    try:
        data = json.dumps(found[0], ensure_ascii=False, separators=(",", ":")).encode()
        checked = firmware.module("core.tariff_document").TariffDocument(found[0])
    except (ValueError, RecursionError) as e:
        raise BadInput(f"{reference}: {e}") from e
    if len(data) > store.SIZE_MAX:
        raise BadInput(f"{reference}: {len(data)} bytes, at most {store.SIZE_MAX}")
    return Document(
        reference, data, checked.currency, store.digest_of(data).hex(), found[0])


def read_calibration(file: Path) -> tuple[dict[str, int], int]:
    """Return the constants of a calibration file, and the energy counts to the kWh they give."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except OSError as e:
        raise BadInput(f"calibration file {file}: {e.strerror}") from e
    except (ValueError, RecursionError) as e:
        raise BadInput(f"calibration file {file}: is no JSON: {e}") from e
    if not isinstance(values, dict):
        raise BadInput(f"calibration file {file}: must hold one object of constants")
    made = max(
        (firmware.module(f"drivers.{ic}_calibration").Calibration for ic in _METERING_ICS),
        key=lambda each: _fitness(each, values))
    known = inspect.signature(made).parameters
    for name, value in values.items():
        if name not in known:
            raise BadInput(f"calibration file {file}: {name}: must be one of {', '.join(known)}")
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadInput(f"calibration file {file}: {name}: {value!r}: must be an integer")
    for name, parameter in known.items():
        if name not in values and parameter.default is parameter.empty:
            raise BadInput(f"calibration file {file}: {name}: is required")
    try:
        return values, made(**values).counts_per_kWh
    except ValueError as e:
        raise BadInput(f"calibration file {file}: {e}") from e


def _fitness(calibration: type, values: dict[str, int]) -> tuple[int, bool]:
    """How well a metering IC's constants are those of a file: names it knows, none missing."""
    known = inspect.signature(calibration).parameters
    required = {name for name, each in known.items() if each.default is each.empty}
    return len(known.keys() & values.keys()), required <= values.keys()
