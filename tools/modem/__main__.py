"""`python -m tools.modem`: a model of a modem on a pty; see tools/modem/README.md."""

import argparse
import asyncio
import json
import os
import shlex
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.modem.control import LONGEST, Control
from tools.modem.families import FAMILIES
from tools.modem.faults import FaultError
from tools.modem.haste import loop_of
from tools.modem.modem import Modem, Options

LOOPBACK = "127.0.0.1"


def _fault(text: str) -> dict[str, Any]:
    """NAME or NAME:key=value,...; keys of `when` among them, or a JSON object."""
    if text.startswith("{"):
        said = json.loads(text)
        if not isinstance(said, dict) or "fault" not in said:
            raise ValueError(f"fault {text!r}: must have a fault")
        return said
    name, _, rest = text.partition(":")
    said = {"fault": name, "when": {}}
    lexer = shlex.shlex(rest, posix=True)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = ",", True, ""
    for pair in lexer:
        key, mark, value = pair.partition("=")
        if not mark:
            raise ValueError(f"fault {text!r}: {pair!r} must be key=value")
        conditions = ("match", "commands", "bytes", "seconds", "probability", "seed", "times")
        where = said["when"] if key in conditions else said
        try:
            where[key] = json.loads(value) if key not in ("match", "text") else value
        except ValueError:
            where[key] = value
    return said


def _clock(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.modem", description=__doc__)
    add = parser.add_argument
    add("--family", choices=sorted(FAMILIES), default="quectel")
    add("--part", help="a part of the family; the first one unless told")
    add("--link", type=Path, help="symbolic link to make to the pty")
    add("--control", default="0", help="port on loopback (0: a free one) or path of a socket")
    add("--host", action="append", default=[], metavar="NAME=PORT",
        help="NAME, or NAME:REQUESTED, is 127.0.0.1:PORT")
    add("--delay", type=float, default=0, metavar="MS", help="round trip over the air")
    add("--rate", type=int, default=0, metavar="BAUD", help="of the serial line; 0: no limit")
    add("--air-rate", type=int, default=0, metavar="BIT/S", help="over the air; 0: no limit")
    add("--loss", type=float, default=0, metavar="P", help="chance of a segment to get lost")
    add("--seed", type=int, default=1)
    add("--answer", type=float, default=2, metavar="MS", help="from command to its execution")
    add("--boot", type=float, default=50, metavar="MS", help="from power to boot strings")
    add("--sim", type=float, default=0, metavar="MS", help="the SIM is busy so long after a boot")
    add("--register", type=float, default=100, metavar="MS", help="time to find the network")
    add("--nitz", type=float, default=50, metavar="MS",
        help="from registration to network time; negative: never")
    add("--stat", type=int, default=1, help="registration that the network grants")
    add("--pin", default="", help="the SIM's PIN")
    add("--puk", default="12345678")
    add("--apn", default="", help="the only APN that the network accepts")
    add("--sms-store", type=int, default=10, metavar="N")
    add("--signal", type=int, default=21, help="rssi of AT+CSQ")
    add("--zone", type=int, default=0, help="the network's zone in quarter hours")
    add("--unset-year", type=int, default=1980, help="of the clock before network time")
    add("--clock", type=_clock, help="network time at start, ISO 8601; the computer's unless told")
    add("--fault", action="append", default=[], metavar="NAME:KEY=VALUE,...")
    add("--speed", type=float, default=1, metavar="N",
        help="its time, the line's and the air's too, goes N times as fast")
    add("--off", action="store_true", help="start switched off")
    add("--until-eof", action="store_true", help="end with standard input")
    return parser


def _options(said: argparse.Namespace) -> Options:
    if not 0 <= said.loss <= 0.95:
        raise ValueError(f"loss {said.loss}: must be from 0 to 0.95")
    for name in ("delay", "rate", "air_rate", "answer", "boot", "sim", "register"):
        if getattr(said, name) < 0:
            raise ValueError(f"{name} {getattr(said, name)}: must not be negative")
    return Options(
        rate=said.rate, link=said.link, delay_ms=said.delay, air_rate=said.air_rate,
        loss=said.loss, seed=said.seed, answer_ms=said.answer, boot_ms=said.boot, sim_ms=said.sim,
        register_ms=said.register, nitz_ms=max(0, said.nitz), nitz=said.nitz >= 0, pin=said.pin,
        puk=said.puk, apn=said.apn, sms_store=said.sms_store, signal=said.signal,
        stat=said.stat, zone=said.zone, unset_year=said.unset_year, clock=said.clock,
        hosts=said.host, power=not said.off)


def _end_with_input(over: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 64):
        over.set()


async def _run(said: argparse.Namespace) -> None:
    family = FAMILIES[said.family]
    part = said.part or next(iter(family.parts))
    if part not in family.parts:
        raise ValueError(f"part {part!r}: must be one of {', '.join(family.parts)}")
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    modem = Modem(family, part, _options(said))
    for text in said.fault:
        modem.faults.arm(_fault(text))
    control = Control(modem, over.set)
    if said.control.isdecimal():
        server = await asyncio.start_server(
            control.serve, LOOPBACK, int(said.control), limit=LONGEST)
        where: Any = server.sockets[0].getsockname()[1]
    else:
        server = await asyncio.start_unix_server(control.serve, said.control, limit=LONGEST)
        where = said.control
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, over.set)
    if said.until_eof:
        loop.add_reader(sys.stdin, _end_with_input, over)
    modem.start()
    print(json.dumps({"pty": modem.terminal.path, "control": where}), flush=True)
    await over.wait()
    server.close()
    modem.close()


def main() -> int:
    """Run until told to stop; 2 for options that cannot be."""
    said = _parser().parse_args()
    try:
        with asyncio.Runner(loop_factory=loop_of(said.speed)) as runner:
            runner.run(_run(said))
    except (ValueError, FaultError) as error:
        print(f"python -m tools.modem: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
