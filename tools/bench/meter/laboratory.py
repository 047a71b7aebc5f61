"""A laboratory round the live meter: a source that somebody sets, a board that is wrong, a seal.

Words, a line each, over standard input or over a control line (a TCP port), which is answered
by a JSON object a line:

    source VOLTS AMPERES [DEGREES]   degrees by which the current lags; negative: leads
    source off                       the household comes back
    error NAME VALUE [LINE]          see world/front_end_errors.py; LINE from 1, all unless given
    unseal, seal                     the calibration switch
    skip SECONDS                     let that pass at once, the meter metering on
    load                             what the source gives: the reference meter's readings
"""

import asyncio
import json
import math

from world import bench_clock
from world.tcp_line import TcpLine

WORDS = ("source", "error", "unseal", "seal", "skip", "load")
_POLL_MS = 5
_LINE_MAX = 200
_VOLTS_MAX = 400
_AMPERES_MAX = 200
_SKIP_MAX = 100_000
_FREQUENCY_CHZ = 5000


class Laboratory:
    def __init__(self, bed: object, rate: int, port: int = 0) -> None:
        """rate: of the clock, to which it goes back after a skip. port: of the control line, 0
        for none."""
        self._bed = bed
        self._rate = rate
        self._line = TcpLine(port) if port else None
        self._received = b""

    async def run(self) -> None:
        """Obey the control line, for ever."""
        while self._line is not None:
            await asyncio.sleep_ms(_POLL_MS * max(1, self._rate))
            self._received += self._line.read(_LINE_MAX)
            if len(self._received) > _LINE_MAX:
                self._received = b""
            while b"\n" in self._received:
                line, _, self._received = self._received.partition(b"\n")
                try:
                    answer = {"ok": await self.obey(line.decode().split())}
                except (ValueError, UnicodeError) as e:
                    answer = {"error": str(e)}
                self._line.write(json.dumps(answer).encode() + b"\n")

    async def obey(self, words: list) -> dict:
        """Carry out a line; return what the source gives. ValueError."""
        word = words[0] if words else ""
        if word == "source" and words[1:] == ["off"]:
            self._bed.premises.connect(None)
        elif word == "source" and 3 <= len(words) <= 4:
            self._source(words[1:])
        elif word == "error" and 3 <= len(words) <= 4:
            line = None
            if len(words) == 4:
                line = int(_number("LINE", words[3], 1, 3)) - 1
            self._bed.premises.set_error(words[1], int(words[2]), line)
        elif word in ("unseal", "seal") and len(words) == 1:
            self._bed.unseal(word == "unseal")
        elif word == "skip" and len(words) == 2:
            await self._skip(_number("SECONDS", words[1], 0, _SKIP_MAX))
        elif word != "load" or len(words) != 1:
            raise ValueError("laboratory: %r: must be one of %s, with its words" % (
                " ".join(words), ", ".join(WORDS)))
        return self._load()

    def _source(self, words: list) -> None:
        volts = _number("VOLTS", words[0], 0, _VOLTS_MAX)
        amperes = _number("AMPERES", words[1], 0, _AMPERES_MAX)
        degrees = _number("DEGREES", words[2], -180, 180) if len(words) == 3 else 0.0
        current = int(round(amperes * 1000))
        apparent = volts * current
        angle = degrees * math.pi / 180
        self._bed.premises.connect((
            int(round(volts * 100)), current, int(round(apparent * math.cos(angle))),
            int(round(apparent * math.sin(angle))), _FREQUENCY_CHZ))

    def _load(self) -> dict:
        load = self._bed.premises.sourced
        if load is None:
            return {}
        voltage, current, active, reactive, frequency = load
        return {"voltage_mV": voltage * 10, "current_uA": current * 1000, "power_mW": active,
                "reactive_mvar": reactive, "frequency_cHz": frequency}

    async def _skip(self, seconds: float) -> None:
        bench_clock.set_mode(bench_clock.VIRTUAL)
        try:
            await asyncio.sleep_ms(int(seconds * 1000))
        finally:
            bench_clock.set_mode(self._rate)


def _number(name: str, text: str, low: int, high: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = high + 1.0
    if not low <= value <= high:
        raise ValueError("%s %r: must be %d to %d" % (name, text, low, high))
    return value
