"""The console on the serial line: typed lines, and the raw REPL for host tools after Ctrl-A.

Metering goes on underneath: this is one more task, and Ctrl-C stops nothing but a line.
"""

import sys

from joulegate.console.commands import Commands
from joulegate.console.line_editor import LineEditor
from joulegate.console.terminal import Terminal

_CTRL_A = 0x01
_CTRL_B = 0x02
_PROMPT = "> "
_LINK = "link "


class Console:
    def __init__(self, app: object, reader: object, writer: object) -> None:
        self._app = app
        self._terminal = Terminal(reader, writer)
        self._commands = Commands(app, self._terminal.print)
        self._editor = LineEditor(self._terminal.write, _PROMPT)
        self._raw: object = None
        """The RawRepl, from the first time on that a host tool asks for it."""
        self._in_raw = False

    async def run(self) -> None:
        """Serve the line for ever."""
        self._greet()
        while True:
            data = await self._terminal.read()
            try:
                self._take(data)
            except Exception as e:
                # Whatever a line provokes, the next one is served.
                sys.print_exception(e)
                self._editor.show_prompt()

    def _greet(self) -> None:
        self._commands.greet()
        self._editor.show_prompt()

    def _enter_raw(self) -> None:
        if self._raw is None:
            # Only here: most meters never see a host tool.
            from joulegate.console.raw_repl import RawRepl
            self._raw = RawRepl(self._app, self._terminal)
        self._in_raw = True
        self._raw.enter()

    def _take(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if self._in_raw:
                at += self._raw.feed(data[at:])
                if self._raw.ended:
                    self._in_raw = False
                    self._terminal.write(b"\r\n")
                    self._greet()
                continue
            byte = data[at]
            at += 1
            if byte == _CTRL_A:
                self._enter_raw()
            elif byte == _CTRL_B:
                self._greet()
            else:
                line = self._editor.feed(byte)
                if line is not None:
                    self._commands.obey(line)
                    if line.startswith(_LINK):
                        # It may be a password, and the next one at the cable is another.
                        self._editor.forget()
                    self._editor.show_prompt()
