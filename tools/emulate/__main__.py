"""`python -m tools.emulate`: the acceptance scenario on an emulated RP2040, or a meter on it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tools.bench.process import ROOT
from tools.emulate import link_printout, link_run, node, printout, stored, task
from tools.emulate.node import EmulateError

app = typer.Typer(add_completion=False, help=__doc__)

BRING = """\
skipped: this needs two files that are not part of the project:
  --uf2      the development image of METER_RP2040 with its storage, built by
             `make frozen BOARD=METER_RP2040 PROFILE=development MICROPYTHON_DIR=...`
  --bootrom  the RP2040's boot ROM B1 as 16 KiB of binary, from its maker's published sources
docs/emulate.md tells more. The log of the last run is docs/emulated/rp2040.txt."""


@app.command()
def emulate(
    uf2: Annotated[Path | None, typer.Option(help="Image with storage, .uf2.")] = None,
    bootrom: Annotated[Path | None, typer.Option(help="Boot ROM of the RP2040, binary.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Chooses where the power is cut.")] = 1,
    store: Annotated[bool, typer.Option(
        "--store", help="Replace the stored log by this run, if it passes.")] = False,
    date: Annotated[str, typer.Option(
        help="Date for the log; default: that of the last commit.")] = "",
    link: Annotated[bool, typer.Option(
        "--link", help="The link's scenario: a modem on the UART, and a broker.")] = False,
    part: Annotated[str, typer.Option(help="With --link: the modem, of Quectel.")] = "BG95",
    rate: Annotated[float, typer.Option(
        min=0.01, max=1, help="With --link: the chip's time to real time.")] = link_run.RATE,
    serve: Annotated[int | None, typer.Option(
        min=0, max=65535, help="No scenario: a meter in real time on this TCP port.")] = None,
    watts: Annotated[int, typer.Option(
        min=-10000, max=10000, help="Load of the meter with --serve.")] = 1000,
    state: Annotated[Path | None, typer.Option(
        help="With --serve: file that keeps the flash from run to run.")] = None,
    modem: Annotated[Path | None, typer.Option(
        help="With --serve: tty of a modem, wired to the modem's UART.")] = None,
) -> None:
    if uf2 is None or bootrom is None:
        print(BRING)
        return
    for file in (uf2, bootrom):
        if not file.is_file():
            raise EmulateError(f"{file}: there is no such file")
    if serve is not None:
        node.serve({"uf2": str(uf2), "bootrom": str(bootrom), "start": task.START,
                    "port": serve, "watts": watts, "state": str(state) if state else "",
                    "modem": str(modem) if modem else ""})
        return
    log: dict[str, Any] = {"date": date or _commit_date(), "sha256": {
        "flashed image": task.sha256(uf2), "boot ROM": task.sha256(bootrom)}}
    if link:
        _run_link(log, uf2, bootrom, rate, part)
        heading, rows, last = link_printout.heading(log), link_printout.rows, "heap"
    else:
        _run(log, uf2, bootrom, seed)
        heading, rows, last = printout.heading(log), printout.figures, "lost_Wh"
    failed = sum(not check["passed"] for check in log["checks"])
    lines = [*heading, "", *map(printout.check_line, log["checks"])]
    if last in log["figures"]:
        end = rows(log["figures"])
        lines += ["", *end]
        print("\n" + "\n".join(end))
    if failed:
        print(f"{failed} of {len(log['checks'])} checks failed", file=sys.stderr)
        raise typer.Exit(1)
    if store:
        serial = log.pop("serial")
        (stored.LINK if link else stored.ACCEPTANCE).write(log, "\n".join(lines) + "\n", serial)


def _run(log: dict[str, Any], image: Path, bootrom: Path, seed: int) -> None:
    log["seed"] = seed
    _keep(log, stored.ACCEPTANCE,
          lambda tell: node.run(task.acceptance(image, bootrom, seed), tell))


def _run_link(
    log: dict[str, Any], image: Path, bootrom: Path, rate: float, part: str
) -> None:
    log["part"] = part
    result = _keep(log, stored.LINK, lambda tell: link_run.run(image, bootrom, rate, part, tell))
    log["serial"] = link_run.dialogue(result)


def _keep(
    log: dict[str, Any], about: stored.Log,
    run: Callable[[Callable[[dict[str, Any]], None]], dict[str, Any]],
) -> dict[str, Any]:
    """Run a scenario, print its checks as they come, and put what it found into the log."""
    checks: list[dict[str, Any]] = []

    def tell(check: dict[str, Any]) -> None:
        checks.append(check)
        print(printout.check_line(check), flush=True)

    log[about.key] = about.files()
    result = run(tell)
    log.update(
        emulated_s=round(result["emulated_ms"] / 1000, 3), figures=_rounded(result["figures"]),
        checks=_rounded(checks), serial=result["serial"])
    return result


def _rounded(value: Any) -> Any:
    """Return JSON with three decimals at most: emulated microseconds."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value


def _commit_date() -> str:
    done = subprocess.run(["git", "log", "-1", "--format=%cs"], cwd=ROOT, capture_output=True,
                          text=True)
    return done.stdout.strip() or "undated"


def main() -> None:
    """Run the command; an error becomes one line and exit code 2."""
    try:
        app()
    except EmulateError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
