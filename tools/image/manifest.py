"""Read a board's manifest.py as MicroPython's build does, for the files of the project in it.

The words of a manifest are those of MicroPython's tools/manifestfile.py. What MicroPython brings
itself (`$(MPY_DIR)`, `$(PORT_DIR)`) is left out: an official MicroPython has it, too.
"""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tools.image.boards import Board
from tools.image.errors import ImageError
from tools.image.paths import BOARDS_FOLDER, PACKAGES

_PACKAGES = {"umqtt.simple": "umqtt/simple.py"}
"""Packages that official MicroPython does not have, by the name of `require()`."""
_BROUGHT = {"ssl"}
"""Packages that every official MicroPython with a network has frozen."""


def files(board: Board) -> dict[str, Path]:
    """Return every file of the board's manifest: its path on the meter -> its source."""
    found: dict[str, Path] = {}
    _Manifest(BOARDS_FOLDER / board.name / "manifest.py", found).run({})
    return dict(sorted(found.items()))


class _Manifest:
    """One manifest file: the words that it may use."""

    def __init__(self, file: Path, found: dict[str, Path]) -> None:
        self.file = file
        self.found = found

    def run(self, given: dict[str, Any]) -> None:
        """Run the file with the options `given`; those that nobody gave are None."""
        options = SimpleNamespace(port=None, wifi=None)
        options.defaults = lambda **values: vars(options).update({**values, **given})
        vars(options).update(given)
        words = {name: getattr(self, name)
                 for name in ("include", "module", "package", "require", "freeze")}
        exec(compile(self.file.read_text(), self.file.name, "exec"), {**words, "options": options})

    def include(self, name: str, **options: Any) -> None:
        if not name.startswith("$"):
            _Manifest((self.file.parent / name).resolve(), self.found).run(options)

    def module(self, name: str, base_path: str = ".", opt: int | None = None) -> None:
        self._add(name, self._folder(base_path) / name)

    def package(self, name: str, base_path: str = ".", opt: int | None = None) -> None:
        base = self._folder(base_path)
        for source in (base / name).rglob("*.py"):
            self._add(source.relative_to(base).as_posix(), source)

    def require(self, name: str) -> None:
        if name in _PACKAGES:
            self._add(f"lib/{_PACKAGES[name]}", PACKAGES / _PACKAGES[name])
        elif name not in _BROUGHT:
            raise self._error(f"package {name!r} is not known to the image tools")

    def freeze(self, folder: str, script: str) -> None:
        if not folder.startswith("$"):
            raise self._error(f"freeze({folder!r}) is not known to the image tools, use module()")

    def _folder(self, base_path: str) -> Path:
        return (self.file.parent / base_path).resolve()

    def _add(self, name: str, source: Path) -> None:
        if not source.is_file():
            raise self._error(f"{name}: there is no such file")
        self.found[name] = source

    def _error(self, words: str) -> ImageError:
        return ImageError(f"{self.file.parent.name}/{self.file.name}: {words}")
