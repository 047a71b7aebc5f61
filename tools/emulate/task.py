"""What an emulated run is given: the image, the time, the tariff."""

import hashlib
import json
from pathlib import Path
from typing import Any

from tools.bench import documents

TARIFF = "data/tariffs/tariffs.json#cn-beijing-2012"
START = 1772323200
"""Power-on: the Unix second of 2026-03-01T00:00:00."""
TIME = "2026-03-01T00:00:10"
"""What the meter's clock is set to when it is provisioned."""


def acceptance(image: Path, bootrom: Path, seed: int) -> dict[str, Any]:
    """Return the task of run.mjs."""
    [document] = documents.find(TARIFF)
    return {
        "uf2": str(image), "bootrom": str(bootrom), "seed": seed, "start": START, "time": TIME,
        "tariff": json.dumps(document), "price": float(document["energy"]["*/*"][0]["price"]),
    }


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
