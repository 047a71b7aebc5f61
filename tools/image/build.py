"""Make the images of a board: a littlefs, a ROMFS, and a file joined with MicroPython."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from tools.image import compiler, filesystems, layout, official, ram
from tools.image.boards import Board
from tools.image.compiler import File
from tools.image.errors import ImageError
from tools.image.profiles import Profile


@dataclass
class Built:
    """What was made for one profile. `ram`: bytes by file path; empty where it is not known."""

    board: Board
    profile: Profile
    files: list[File]
    ram: dict[str, int] = field(default_factory=dict)
    images: list[Path] = field(default_factory=list)


def development(board: Board, folder: Path, micropython: Path | None,
                free_least: float = ram.FREE_LEAST) -> Built:
    """Write littlefs.bin and, with the official file, joulegate.uf2 or .bin into `folder`.

    Nothing is written when anything is refused.
    """
    built = development_files(board, free_least)
    offset, size = board.storage
    storage = filesystems.littlefs(built.files, size, board.program)
    whole = official.joined(board, micropython, storage) if micropython else b""
    built.images.append(_write(folder / "littlefs.bin", storage))
    if whole:
        built.images.append(_write(folder / f"joulegate.{official.suffix(board)}", whole))
    return built


def development_files(board: Board, free_least: float = ram.FREE_LEAST) -> Built:
    """Compile the development profile of `board` and refuse it where its RAM does not do."""
    built = Built(board, Profile.DEVELOPMENT, compiler.files(board, Profile.DEVELOPMENT))
    built.ram = ram.by_module(built.files)
    ram.check(board, sum(built.ram.values()), free_least)
    return built


def production(board: Board, folder: Path, micropython: Path | None = None) -> Built:
    """Write romfs.bin into `folder`, for a MicroPython of this project with a ROMFS."""
    if micropython is not None:
        raise ImageError(
            f"profile production with MICROPYTHON {micropython.name}: an official MicroPython "
            "has no ROMFS, and its _boot.py reformats storage that it cannot read; use "
            "`make frozen`, or the profile development")
    built = Built(board, Profile.PRODUCTION, compiler.files(board, Profile.PRODUCTION))
    image = filesystems.romfs(built.files, layout.romfs(board)[1])
    built.images.append(_write(folder / "romfs.bin", image))
    return built


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
