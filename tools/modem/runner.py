"""Command lines carried out one by one: results, outcomes that follow, faults on the way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tools.modem.command_line import AtError, calls, error_text
from tools.modem.family import Later

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tools.modem.modem import Modem


class Runner:
    """`current` is the command being carried out, or the last one."""

    def __init__(self, modem: Modem) -> None:
        self._modem = modem
        self.current = ""
        self._held: list[tuple[Any, ...]] = []
        self._worker: asyncio.Task[None] | None = None

    def start(self, body: str) -> None:
        """Carry out a command line, without its AT."""
        self._modem.note("in", "AT" + body)
        self._worker = asyncio.get_running_loop().create_task(self._run(body))

    def stop(self) -> None:
        """Drop what is being carried out, and what was held back."""
        if self._worker is not None:
            self._worker.cancel()
        self._held.clear()

    def hold(self, *urc: Any) -> None:
        """Keep an unsolicited line until the command is done."""
        self._held.append(urc)

    async def _run(self, body: str) -> None:
        try:
            await asyncio.sleep(self._modem.options.answer_ms / 1000)
            result = "OK"
            for call in calls(body, self._modem.family.whole_line):
                self.current = str(call)
                said = await self._one(str(call), call)
                result = await self._outcome(said) if isinstance(said, Later) else (
                    result if said is None else said)
        except AtError as error:
            self._modem.counts["errors"] += 1
            result = error_text(error, self._modem.cmee)
        await self._finish(result)

    async def _one(self, text: str, call: Any) -> Any:
        self._modem.counts["commands"] += 1
        self._modem.faults.count(commands=1, about=text)
        await asyncio.sleep(0)
        fault = self._modem.faults.hit("error", text)
        if fault is not None:
            raise AtError(fault.option("code", None))
        if self._modem.faults.hit("no_result", text):
            return ""
        return await self._modem.family.dispatch(call)

    async def _outcome(self, later: Later) -> str:
        if self._modem.faults.hit("result_first", self.current):
            await later.then
        else:
            self._modem.later(self._after_result(later.then))
        return later.result

    async def _after_result(self, work: Coroutine[Any, Any, None]) -> None:
        while self._modem.line.busy:
            await asyncio.sleep(0.001)
        await work

    async def _finish(self, result: str) -> None:
        fault = self._modem.faults.hit("urc_in_reply", self.current)
        if fault is not None:
            self._modem.line.info(str(fault.option("text", "+CEREG: 1")))
        late = self._modem.faults.hit("late_result", self.current)
        if late is not None:
            await asyncio.sleep(float(late.option("ms", 1000)) / 1000)
        if result:
            self._modem.line.result(result)
        self._modem.line.ready()
        urcs, self._held = self._held, []
        for urc in urcs:
            self._modem.urc(*urc)
