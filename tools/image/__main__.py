"""`python -m tools.image`: build images, build MicroPython with the firmware frozen, flash."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tools.image import build as images
from tools.image import device, esptool_flash, frozen_report, ram, report
from tools.image import drive as uf2_drive
from tools.image import frozen as frozen_build
from tools.image.boards import Board, Family, board
from tools.image.build import Built
from tools.image.errors import ImageError
from tools.image.paths import IMAGES
from tools.image.profiles import Profile

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

BoardName = Annotated[str, typer.Argument(metavar="BOARD", help="METER_RP2040 and so on.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]
HeapFree = Annotated[int, typer.Option(
    min=5, max=90, help="Refuse an image that leaves less of the heap, in per cent.")]
_FREE_LEAST = round(ram.FREE_LEAST * 100)


@app.command()
def build(
    name: BoardName,
    profile: Annotated[Profile | None, typer.Option(
        help="Only this profile; both without it.")] = None,
    micropython: Annotated[Path | None, typer.Option(
        help="Official MicroPython of the board, .uf2 or .bin, to join the image with.")] = None,
    out: Annotated[Path | None, typer.Option(
        help="Folder to write to.", show_default="build/image/BOARD")] = None,
    heap_free: HeapFree = _FREE_LEAST,
    as_json: AsJson = False,
) -> None:
    """Make littlefs.bin for official MicroPython and romfs.bin for a build with ROMFS."""
    target = board(name)
    folder = out or IMAGES / target.name
    if micropython is not None and profile is None:
        profile = Profile.DEVELOPMENT
    made: list[Built] = []
    refused = ""
    if profile is not Profile.DEVELOPMENT:
        made.append(images.production(target, folder, micropython))
    if profile is not Profile.PRODUCTION:
        try:
            made.append(images.development(target, folder, micropython, heap_free / 100))
        except ImageError as error:
            if profile is Profile.DEVELOPMENT:
                raise
            refused = str(error)
    if as_json:
        print(json.dumps({"built": [report.as_json(one) for one in made],
                          "refused": refused}, indent=1))
        return
    _show(target, made, refused)


def _show(target: Board, made: list[Built], refused: str) -> None:
    console = Console(soft_wrap=True)
    for one in made:
        report.show(console, one)
    if refused:
        console.print(f"[bold]No development image:[/] {refused}")
    for path in [path for one in made for path in one.images]:
        if path.name != "littlefs.bin":
            console.print(f"To flash {path.name}:\n  {report.next_step(target, path)}")


@app.command()
def frozen(
    name: BoardName,
    tree: Annotated[Path, typer.Argument(
        metavar="MICROPYTHON_DIR", help="Source tree of MicroPython, with its submodules.")],
    jobs: Annotated[int, typer.Option(min=1, max=256, help="Jobs at a time.")] =
        os.cpu_count() or 1,
    cmake_args: Annotated[str, typer.Option(
        help="More arguments for CMake, such as -DPICO_NO_PICOTOOL=1.")] = "",
    romfs: Annotated[bool, typer.Option(
        "--romfs", help="Freeze only the start, and take the modules from ROMFS.")] = False,
    profile: Annotated[Profile, typer.Option(
        help="Development takes credit that nobody authenticates.")] = Profile.PRODUCTION,
    as_json: AsJson = False,
) -> None:
    """Build MicroPython with the whole firmware frozen, by MicroPython's own makefiles."""
    target = board(name)
    if romfs and profile is Profile.DEVELOPMENT:
        raise ImageError("--romfs with the profile development: there is none, freeze it")
    modules = images.production(target, IMAGES / target.name).images[0] if romfs else None
    image = frozen_build.build(target, tree.resolve(), jobs, cmake_args,
                               modules.read_bytes() if modules else None, profile)
    folder = frozen_build.folder(target, romfs, profile)
    sizes = frozen_report.sizes(folder)
    program = frozen_build.program_bytes(target, folder)
    if as_json:
        print(json.dumps(frozen_report.as_json(target, image, sizes, program, romfs), indent=1))
        return
    frozen_report.show(Console(soft_wrap=True), target, image, sizes, program, romfs)


@app.command()
def flash(
    name: BoardName,
    port: Annotated[str | None, typer.Option(help="Serial device or pyserial URL.")] = None,
    drive: Annotated[Path | None, typer.Option(
        help="Folder where the BOOTSEL drive of an RP2 board is mounted.")] = None,
    image: Annotated[Path | None, typer.Option(
        help="File to flash.")] = None,
) -> None:
    """Put an image on a board and read it back."""
    target = board(name)
    if drive is not None:
        _flash_drive(target, drive, image, port)
    elif port is None:
        raise ImageError("flash: needs --port, or --drive for an RP2 board")
    elif image is None:
        raise ImageError("flash --port: needs --image; `meterctl install` copies the development "
                         "files onto a board that runs official MicroPython")
    elif target.family is Family.ESP32:
        esptool_flash.flash(target, image, port)
    else:
        raise ImageError(f"flash --image: {target.name} takes a UF2 on its BOOTSEL drive: name "
                         "it by --drive")


def _flash_drive(target: Board, folder: Path, image: Path | None, port: str | None) -> None:
    if target.family is not Family.RP2:
        raise ImageError(f"flash --drive: {target.name} has no UF2 drive: name its --port")
    if image is None:
        raise ImageError("flash --drive: needs --image, the UF2 that `make image MICROPYTHON=` "
                         "or `make frozen` made")
    uf2_drive.flash(target, image, folder)
    print(f"{image.name}: copied; the board starts it now")
    if port is None:
        print("Not read back: name --port as well for that.")
        return
    transport = device.connect(port)
    uf2_drive.read_back(target, image, transport)
    device.reset(transport)
    print("read back: the program in flash is that of the file")


def main() -> None:
    try:
        app(standalone_mode=True)
    except ImageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
