"""A few numbers that outlast a start, by name: what must not be tried again, and the like."""

import json
import os
from errno import ENOENT


class Notes:
    def __init__(self, path: str) -> None:
        """path: of a JSON file. Read when first asked for."""
        self._path = path
        self._values: dict | None = None

    def get(self, name: str) -> int:
        """Return a number, 0 for one that was never put down or cannot be read."""
        if self._values is None:
            self._values = self._read()
        value = self._values.get(name, 0)
        return value if isinstance(value, int) else 0

    def put(self, name: str, value: int) -> None:
        """Keep a number; it is on flash when this returns. OSError, and the one before holds."""
        if self.get(name) == value:
            return
        values = dict(self._values)
        values[name] = value
        with open(self._path + ".new", "w") as f:
            json.dump(values, f)
        os.rename(self._path + ".new", self._path)
        self._values = values

    def _read(self) -> dict:
        try:
            with open(self._path) as f:
                values = json.load(f)
        except OSError as e:
            if e.errno != ENOENT:
                raise
            return {}
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}
