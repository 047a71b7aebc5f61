"""The real peers of the link's scenario: broker, modem model, vending tool, and who listens.

All are on loopback and end with `close`. The chip's time is slower than theirs by a factor: so
much longer are the delays of the modem.
"""

import json
import queue
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tools.bench.process import ROOT
from tools.emulate.node import EmulateError
from tools.vend import key_file
from tools.vend.key_file import Key

METER = "10000000017"
HOST = "broker.test"
PLACES = 5
DELAYS_MS = {"delay": 600, "answer": 2, "boot": 2000, "sim": 500, "register": 3000, "nitz": 500}
"""Of the modem, in the chip's time: a round trip over the air is 600 ms."""
KEYS = [Key(METER, role, kid, bytes(range(first, first + 16))) for role, kid, first in (
    ("vending", b"V1", 0x10), ("administrator", b"A1", 0x20), ("meter", b"M1", 0x40),
    ("head_end", b"H1", 0x50))]
"""Test keys, known to everybody."""
GROUP = {"vending_key": "abababababababab949494949494949401234567", "sgc": "123457"}
_START_S, _STOP_S, _VEND_S = 20.0, 10.0, 900


class LinkRig:
    """Use it with `with`. `answers` gets what `ask` was asked, in any order."""

    def __init__(self, rate: float, part: str, now: int) -> None:
        """rate: the chip's time to real time. part: of the Quectel family. now: Unix second
        that the network has for the time."""
        self.answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self.heard: list[dict[str, Any]] = []
        self._slow = 1 / rate
        self._part = part
        self._now = now
        self._processes: list[subprocess.Popen[str]] = []
        self._listener = Client(CallbackAPIVersion.VERSION2, "listener")

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="joulegate-link-")
        self.folder = Path(self._temporary.name)
        self.port = self._start_broker()
        said = self._start_modem()
        self.modem_tty: str = said["pty"]
        self._control = socket.create_connection(("127.0.0.1", said["control"]), _START_S)
        self._control_file = self._control.makefile("rwb")
        self._listener.on_message = self._hear
        self._listener.connect("127.0.0.1", self.port)
        self._listener.subscribe("joulegate/#", 1)
        self._listener.loop_start()
        self._make_keys()

    def close(self) -> None:
        """End all of them, in any state."""
        self._listener.loop_stop()
        self._listener.disconnect()
        for process in reversed(self._processes):
            if process.stdin is not None:
                process.stdin.close()
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if hasattr(self, "_control"):
            self._control.close()
        if hasattr(self, "_temporary"):
            self._temporary.cleanup()

    def _run(self, command: list[str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self._processes.append(process)
        return process

    def _start_broker(self) -> int:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if program is None:
            raise EmulateError("mosquitto is not on PATH: the link's scenario needs a broker")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        settings = self.folder / "mosquitto.conf"
        settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n"
                            "set_tcp_nodelay true\n")
        process = self._run([program, "-c", str(settings)])
        deadline = time.monotonic() + _START_S
        while process.poll() is None and time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            except OSError:
                time.sleep(0.05)
        raise EmulateError("mosquitto did not start")

    def _start_modem(self) -> dict[str, Any]:
        options = [f"--{name}={round(ms * self._slow)}" for name, ms in DELAYS_MS.items()]
        clock = datetime.fromtimestamp(self._now, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        process = self._run([
            sys.executable, "-m", "tools.modem", "--family", "quectel", "--part", self._part,
            "--until-eof", "--off", f"--host={HOST}={self.port}", f"--clock={clock}",
            f"--rate={round(115200 / self._slow)}", *options])
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise EmulateError("the model of the modem did not start")
        return dict(json.loads(line))

    def _make_keys(self) -> None:
        key_file.store(self.folder / "keys.json", METER, KEYS)
        group = self.folder / "group.json"
        group.touch(0o600)
        group.write_text(json.dumps(GROUP))
        decoder = self.folder / "decoder.json"
        self._vend("decoder-key", "--meter", METER, "--key-file", str(group),
                   "--output", str(decoder))
        self.decoder_key = json.loads(decoder.read_text())
        self._vend("--directory", str(self.folder), "directory", "init")
        self._vend("--directory", str(self.folder), "directory", "add", "--meter", METER,
                   "--places", str(PLACES), "--currency", "CNY")

    def _vend(self, *arguments: str) -> str:
        done = subprocess.run([sys.executable, "-m", "tools.vend", *arguments], cwd=ROOT,
                              capture_output=True, text=True, timeout=_VEND_S)
        if done.returncode:
            raise EmulateError(f"vend {' '.join(arguments[:4])}: {done.stderr.strip()}")
        return done.stdout

    def _hear(self, _client: object, _data: object, message: MQTTMessage) -> None:
        suffix = message.topic.split("/", 3)[-1]
        self.heard.append({"topic": suffix, "bytes": len(message.payload)})

    # --- what the script asks for -----------------------------------------------------------

    def ask(self, question: dict[str, Any]) -> None:
        """Begin to answer; the answer goes to `answers` with the question's number."""
        threading.Thread(target=self._answer, args=(question,), daemon=True).start()

    def _answer(self, question: dict[str, Any]) -> None:
        number, do = question.pop("ask"), question.pop("do")
        try:
            found = getattr(self, f"_do_{do}")(**question)
        except (EmulateError, OSError, ValueError, KeyError) as error:
            self.answers.put({"answer": number, "error": str(error)})
        else:
            self.answers.put({"answer": number, "ok": found})

    def _do_vend(self, words: list[str]) -> Any:
        """A command of the vending tool over the broker, until its receipt is there."""
        return json.loads(self._vend(
            "--broker", f"mqtt://127.0.0.1:{self.port}", "--directory", str(self.folder),
            "--wait", str(_VEND_S), *words, "--meter", METER, "--json"))

    def _do_token(self, amount: str, at: int) -> Any:
        when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return json.loads(self._vend(
            "token", "--meter", METER, "--amount", amount, "--key-file",
            str(self.folder / "group.json"), "--at", when, "--json"))["tokens"][0]

    def _do_modem(self, **message: Any) -> Any:
        self._control_file.write(json.dumps(message).encode() + b"\n")
        self._control_file.flush()
        answer = dict(json.loads(self._control_file.readline()))
        if "error" in answer:
            raise EmulateError(f"modem {message}: {answer['error']}")
        return answer

    def _do_heard(self) -> Any:
        return list(self.heard)
