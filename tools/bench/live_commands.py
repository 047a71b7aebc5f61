"""`live` and `serve`: the meter that runs before somebody's eyes, alone or with a broker."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from tools.bench import documents
from tools.bench import live as screen
from tools.bench import token_counter as counter
from tools.bench.live_network import live_network
from tools.bench.place import Place
from tools.bench.process import ROOT, BenchError, JsonFile
from tools.bench.serial_bus import SerialBus

LOAD_HELP = "Load file, one of the three recorded layouts."

DISPLAYS = ("", "ht1621", "ssd1306")
"""None, or one of those that the bench has a model of."""

# Below the project's folder; shown so in the help, wherever that folder is.
_LIVE_LOAD = "data/load/household-1min.csv"
_LIVE_TARIFF = "data/tariffs/tariffs.json#cn-beijing-2012"
_LIVE_STATE = "build/live"
_LIVE_RATE = 600
_STATE_HELP = "Folder for flash and place: the meter goes on where it was."
_BROKER_HELP = "Broker to link the meter to, HOST:PORT or a URL as for tools/vend; at rate 1."
Broker = Annotated[str, typer.Option(help=_BROKER_HELP)]
Ca = Annotated[Path | None, typer.Option(
    help="Who vouches for a broker at mqtts://, a certificate in PEM.")]
ModemFamily = Annotated[str | None, typer.Option(
    "--modem", help="Reach the broker by the model of a modem of this family.")]
_DISPLAY_HELP = "Fit keypad and display, ht1621 or ssd1306; digits, * and # are its keys."
Display = Annotated[str, typer.Option(help=_DISPLAY_HELP)]
Rs485 = Annotated[bool, typer.Option(
    "--rs485", help="Give masters of the RS485 bus a pseudo terminal, and print it; at rate 1.")]
IC_NAMES = ("ade7953", "atm90e26", "atm90e32", "bl0942")
SPREADS = ("one", "thirds", "each")
_PORT_HELP = "TCP port of the console on this computer; 0 takes a free one."


def live(
    load: Annotated[Path, typer.Option(
        help=LOAD_HELP, show_default=_LIVE_LOAD)] = ROOT / _LIVE_LOAD,
    tariff: Annotated[str, typer.Option(
        help="Tariff document: FILE#ID.", show_default=_LIVE_TARIFF)] = f"{ROOT / _LIVE_TARIFF}",
    rate: Annotated[int | None, typer.Option(
        min=1, max=3600, help="Times real time.",
        show_default=f"{_LIVE_RATE}, with a broker or a display 1")] = None,
    balance: Annotated[str, typer.Option(help="Credit at the first start.")] = "20",
    top_up: Annotated[str, typer.Option(help="What the key t adds.")] = "20",
    state: Annotated[Path, typer.Option(help=_STATE_HELP, show_default=_LIVE_STATE)] = (
        ROOT / _LIVE_STATE),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with a new meter.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help=_PORT_HELP)] = 0,
    broker: Broker = "", ca: Ca = None, modem: ModemFamily = None, rs485: Rs485 = False,
    display: Display = "",
) -> None:
    """Watch the meter live on recorded load, and act on its world by keys."""
    rate = _rate(rate or (1 if broker or rs485 or display else _LIVE_RATE), broker, rs485)
    if display not in DISPLAYS:
        raise BenchError(f"display {display!r}: must be {' or '.join(DISPLAYS[1:])}")
    with (Place(state, fresh, port) as place, live_network(state, broker, ca, modem) as network,
          live_bus(rs485) as (meter_end, master_end)):
        spec = {
            "load": str(load_file(load)), "tariff": documents.find(tariff)[0], "balance": balance,
            "warnings": ["10", "5"], "rate": rate, "network": network, "rs485": meter_end,
            **place.spec,
        }
        if display:
            spec |= {"display": display, "decoder": counter.DECODER}
        with JsonFile(spec) as path:
            screen.show(
                path, rate, top_up, place.url, master_end, counter.sell if display else None)


def serve(
    load: Annotated[Path, typer.Option(
        help=LOAD_HELP, show_default=_LIVE_LOAD)] = ROOT / _LIVE_LOAD,
    tariff: Annotated[str, typer.Option(
        help="Tariff document: FILE#ID.", show_default=_LIVE_TARIFF)] = f"{ROOT / _LIVE_TARIFF}",
    rate: Annotated[int, typer.Option(min=1, max=3600, help="Times real time.")] = 1,
    balance: Annotated[str, typer.Option(help="Credit at the first start.")] = "20",
    state: Annotated[Path, typer.Option(help=_STATE_HELP, show_default=_LIVE_STATE)] = (
        ROOT / _LIVE_STATE),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin with a new meter.")] = False,
    blank: Annotated[bool, typer.Option(
        "--blank", help="Leave provisioning to the console.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help=_PORT_HELP)] = 0,
    broker: Broker = "", ca: Ca = None, modem: ModemFamily = None, rs485: Rs485 = False,
    ic: Annotated[str, typer.Option(help="The metering IC.")] = "atm90e26",
    spread: Annotated[str, typer.Option(
        help="How the load lies on three phases: one, thirds, or each has it all.")] = "thirds",
    laboratory: Annotated[list[str] | None, typer.Option(
        help="Words of the laboratory to begin with, as often as wanted: `unseal`, "
             "`error lag_mdeg 500`, `source 220 5 60`.")] = None,
    control: Annotated[int | None, typer.Option(
        min=0, max=65535, help="TCP port of the laboratory; 0 takes a free one.")] = None,
) -> None:
    """Run the meter without a screen, its console on a TCP port, until the input closes.

    Lines on the input act on the world: mains, cover, press, top_up AMOUNT,
    disturb NAME VALUE, quit, and the words of the laboratory: source, error, unseal, seal, skip,
    load.
    """
    check_ic(ic, spread)
    if broker and blank:
        raise BenchError("--broker: a meter that nobody has provisioned has no keys for it")
    _rate(rate, broker, rs485)
    with (Place(state, fresh, port, control) as place,
          live_network(state, broker, ca, modem) as network,
          live_bus(rs485) as (meter_end, master_end)):
        spec = {
            "load": str(load_file(load)), "tariff": documents.find(tariff)[0], "balance": balance,
            "warnings": ["10", "5"], "rate": rate, "blank": blank, "network": network,
            "rs485": meter_end, "ic": ic, "spread": spread, "laboratory": laboratory or [],
            **place.spec,
        }
        with JsonFile(spec) as path:
            screen.serve(path, place.url, master_end)


def check_ic(ic: str, spread: str) -> None:
    """BenchError for a metering IC or a spread that the bench does not have."""
    for name, value, known in (("ic", ic, IC_NAMES), ("spread", spread, SPREADS)):
        if value not in known:
            raise BenchError(f"--{name} {value}: must be one of {', '.join(known)}")


@contextlib.contextmanager
def live_bus(wanted: bool) -> Iterator[tuple[str, str]]:
    """Yield the terminals of meter and master on an RS485 bus, empty if none is wanted."""
    if not wanted:
        yield "", ""
        return
    with SerialBus() as bus:
        yield bus.paths[0], bus.paths[1]


def _rate(rate: int, broker: str, rs485: bool) -> int:
    for wanted, option in ((broker, "--broker"), (rs485, "--rs485")):
        if wanted and rate != 1:
            raise BenchError(f"rate {rate}: must be 1 with {option}, whose time is the real one")
    return rate


def load_file(path: Path) -> Path:
    """Return the whole path of a load file; BenchError if there is none."""
    if not path.is_file():
        raise BenchError(f"load file {path}: there is no such file")
    return path.resolve()
