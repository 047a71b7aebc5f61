"""Commands that bring firmware onto a board: install, update, reset."""

import contextlib
from typing import Annotated, Any

import typer

from tools.image import ram
from tools.image.boards import BOARDS, Board, board
from tools.image.build import development_files
from tools.image.device import check_identity, identity
from tools.image.errors import ImageError
from tools.image.profiles import Profile
from tools.meterctl import show
from tools.meterctl.copy import Copy, check_space
from tools.meterctl.errors import BadInput, LineError, NoMeter, Refused, clean
from tools.meterctl.line import Line
from tools.meterctl.meter import Meter
from tools.meterctl.restart import restart, wait_for
from tools.meterctl.session import AsJson, open_line, open_meter, progress_bar

_MACHINES = {
    "Raspberry Pi Pico with RP2040": "METER_RP2040",
    "Raspberry Pi Pico W with RP2040": "METER_RP2040_W",
    "Raspberry Pi Pico2 with RP2350": "METER_RP2350",
    "Generic ESP32 module with ESP32": "METER_ESP32",
    "Generic ESP32S3 module with ESP32S3": "METER_ESP32_S3",
}
"""What official MicroPython calls a board (MICROPY_HW_BOARD_NAME and _MCU_NAME of its
mpconfigboard.h), and the meter on it."""

HeapFree = Annotated[int, typer.Option(
    min=5, max=90, help="Refuse an image that leaves less of the heap, in per cent.")]
_FREE_LEAST = round(ram.FREE_LEAST * 100)


def install(
    context: typer.Context,
    name: Annotated[str | None, typer.Option(
        "--board", help="METER_RP2040 and so on; by what MicroPython says if not given.")] = None,
    heap_free: HeapFree = _FREE_LEAST,
    as_json: AsJson = False,
) -> None:
    """Copy the development image onto a board that runs official MicroPython, and start it."""
    with open_line(context) as line:
        _no_meter(line)
        chosen = _board(line, name)
        told = _copy(line, chosen, heap_free)
        # The board is gone before it could answer.
        with contextlib.suppress(LineError), line.exchange() as transport:
            transport.exec_raw_no_follow("import machine\nmachine.reset()")
        wait_for(line, lambda meter: bool(meter.call("identity")["board"]))
    _tell(told, "installed; the meter has started", as_json)


def update(
    context: typer.Context, heap_free: HeapFree = _FREE_LEAST, as_json: AsJson = False,
) -> None:
    """Bring a meter with the development image to this version, and restart it."""
    with open_meter(context) as meter:
        known = meter.call("identity")
        if known["locked"] or known["profile"] != Profile.DEVELOPMENT:
            raise Refused(
                f"meter {known['meter_id']}: {known['profile']} image: only a development "
                "image is updated file by file; flash the production image as a whole")
        try:
            chosen = board(known["board"])
        except ImageError as e:
            raise Refused(clean(str(e))) from e
        told = _copy(meter.line, chosen, heap_free)
        changed = told["copied"] or told["removed"]
        if changed:
            restart(meter)
    _tell(told, "updated; the meter has started again" if changed else "is up to date", as_json)


def reset(context: typer.Context, as_json: AsJson = False) -> None:
    """Restart the meter, after it has committed, and wait until it answers again."""
    with open_meter(context) as meter:
        seconds = restart(meter)
    if as_json:
        show.as_json({"seconds": round(seconds, 1)})
        return
    show.said(f"the meter has started again, {seconds:.1f} s after it was told to")


def _no_meter(line: Line) -> None:
    """Refused when a meter runs there: it is updated, since install knows no records."""
    try:
        known = Meter(line).call("identity")
    except NoMeter:
        return
    raise Refused(f"board: a meter runs on it already, firmware {known['firmware']}; "
                  "`meterctl update` brings it to this version")


def _board(line: Line, name: str | None) -> Board:
    """Return the board that is there; Refused if no image, or not the named one, fits it."""
    try:
        with line.exchange() as transport:
            found = identity(transport)
    except (SyntaxError, ValueError, TypeError) as e:
        raise LineError(f"port {line.port}: the board does not say what it is") from e
    if name is None:
        machine = clean(str(found[3]))
        name = _MACHINES.get(machine)
        if name is None:
            raise BadInput(f"board {machine!r}: is none that is known by its name; "
                           f"name one with --board: {', '.join(BOARDS)}")
    try:
        chosen = board(name)
    except ImageError as e:
        raise BadInput(str(e)) from e
    try:
        check_identity(chosen, found)
    except (ImageError, TypeError, AttributeError) as e:
        raise Refused(clean(str(e))) from e
    return chosen


def _copy(line: Line, chosen: Board, heap_free: int) -> dict[str, Any]:
    try:
        made = development_files(chosen, heap_free / 100).files
    except ImageError as e:
        raise Refused(str(e)) from e
    work = Copy(line, made)
    check_space(line, work.size)
    with progress_bar() as progress:
        task = progress.add_task(chosen.name, total=work.size)
        work.run(lambda done: progress.update(task, completed=done))
    return {"board": chosen.name, "files": len(made), "copied": work.changed,
            "removed": work.stale, "bytes": work.size}


def _tell(told: dict[str, Any], what: str, as_json: bool) -> None:
    if as_json:
        show.as_json(told)
        return
    show.said(f"{told['board']}: {len(told['copied'])} of {told['files']} files copied, "
              f"{told['bytes']} bytes, {len(told['removed'])} removed: {what}")


def add(app: typer.Typer) -> None:
    for command in (install, update, reset):
        app.command()(command)
