"""Find tariff documents: FILE#ID, FILE#* for all of a file, or FILE alone for a single one."""

import json
from pathlib import Path
from typing import Any

from tools.bench.process import BenchError


def find(reference: str) -> list[dict[str, Any]]:
    """Return the documents a reference names; BenchError says what it does not name."""
    name, _, wanted = reference.partition("#")
    try:
        content = json.loads(Path(name).read_text())
    except OSError as e:
        raise BenchError(f"tariff file {name}: {e.strerror}") from e
    except ValueError as e:
        raise BenchError(f"tariff file {name}: is no JSON: {e}") from e
    if isinstance(content, dict) and "tariffs" in content:
        content = content["tariffs"]
    documents = content if isinstance(content, list) else [content]
    if wanted == "*":
        return documents
    if not wanted:
        if len(documents) != 1:
            raise BenchError(f"tariff file {name}: has {len(documents)} tariffs; name one: "
                             f"{name}#ID")
        return documents
    found = [d for d in documents if isinstance(d, dict) and d.get("id") == wanted]
    if len(found) != 1:
        known = ", ".join(str(d.get("id")) for d in documents if isinstance(d, dict))
        raise BenchError(f"tariff file {name}: has no tariff {wanted!r}; it has {known}")
    return found
