"""The commands in docs/vend.md do what stands there."""

import re
import shlex
from pathlib import Path

import pytest

from tests.system.brokers import Mosquitto
from tests.system.message_meter import METER
from tests.system.meter_process import ROOT
from tests.system.vend_rig import FakeMeter, Peer, vend
from tools.vend import envelope, key_file
from tools.vend.envelope import DOWN

PAGE = (ROOT / "docs" / "vend.md").read_text("utf-8")
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BROKER = "--broker mqtts://vending@broker.example --ca ca.pem "
_OUTPUT = re.compile(r"TID [0-9]+|[0-9.]+ s$")


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    meter = FakeMeter(METER)

    def answer(_: str, message: bytes) -> list[bytes]:
        # The station's keys are at random; those of the meter here are not.
        keys = key_file.load(Path("station/keys.json"), METER)
        key, number, body = envelope.open_message(keys, message, DOWN)
        meter.balance += (body[3] if body[0] == 1 else -body[3]) * (body[2] not in meter.taken)
        meter.taken[body[2]] = body[3]
        meter.number += 1
        (own,) = [key for key in keys if key.role == "meter"]
        return [envelope.seal(own, meter.number, {
            0: 1, 2: key.kid, 3: number, 4: 3, 5: 0, 6: meter.balance, 7: METER}, envelope.UP)]

    with Mosquitto(tmp_path / "broker") as broker, Peer(broker.port, answer):
        for block in _BLOCK.findall(PAGE):
            command, *expected = block.split("\n")[:-1]
            for line in [command, *expected]:
                if line.startswith("$ cat "):
                    Path(line[6:]).write_text("\n".join(expected[:3]) + "\n")
                if not line.startswith("$ python -m tools.vend"):
                    continue
                typed = line[23:].replace(_BROKER, f"--broker mqtt://127.0.0.1:{broker.port} ")
                if "--tid" in typed:
                    (tid,) = meter.taken
                    typed = re.sub("--tid [0-9]+", f"--tid {tid}", typed)
                done = vend(*shlex.split(typed))
                assert done.code == 0, (line, done.err)
            if expected and not expected[-1].startswith("$"):
                assert _OUTPUT.sub("", expected[-1]) == _OUTPUT.sub("", done.out.strip())
    assert meter.balance == 2000 + 2000 + 2000 - 150
