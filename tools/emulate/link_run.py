"""The link's scenario: an emulated meter, a modem model on its UART, a real broker behind it."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.bench import documents
from tools.emulate import node
from tools.emulate.link_rig import HOST, KEYS, METER, LinkRig
from tools.emulate.task import TARIFF

RATE = 0.25
"""The chip's time to real time: what the emulator does on a common computer, busy."""
_LEAD_S = 10
SETTINGS = {"host": HOST, "port": 1883, "tls": False, "apn": "internet", "transports": ["modem"]}
"""Link settings of the meter; TLS, if any, is the modem's and costs the chip nothing."""


def run(
    image: Path, bootrom: Path, rate: float, part: str, tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Run it and return {"figures", "serial", "emulated_ms"}; `tell` gets each check.

    rate: see RATE. part: the modem, one of the Quectel family. EmulateError.
    """
    # The vending tool goes by the computer's clock, so the meter does, too.
    start = int(time.time())
    [document] = documents.find(TARIFF)
    with LinkRig(rate, part, start + _LEAD_S) as rig:
        task = {
            "uf2": str(image), "bootrom": str(bootrom), "start": start, "rate": rate,
            "time": datetime.fromtimestamp(start + _LEAD_S, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "tariff": json.dumps(document), "meter": METER, "link": repr(SETTINGS),
            "keys": [{"role": key.role, "kid": key.kid.hex(), "key": key.secret.hex()}
                     for key in KEYS],
            "token_key": rig.decoder_key, "token_at": start, "modem": rig.modem_tty,
        }
        return node.run(task, tell, "link.mjs", rig)


def dialogue(result: dict[str, Any]) -> str:
    """Return the line between meter and modem as text: emulated seconds, who, what."""
    return "\n".join(f"{line['ms'] / 1000:9.3f} {line['who']:5} {line['text']}"
                     for line in result["dialogue"])
