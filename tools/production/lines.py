"""Tests of what hangs on a serial line of the meter: modem and RS485."""

import re
import secrets

import serial  # type: ignore[import-untyped]

from tools.production.pace import Pace
from tools.production.serial_number import luhn
from tools.production.trial import NotDone, Trial

_MODEM = Pace()
"""A modem's time is this computer's, also that of a model beside a bench that runs faster."""
_COMMAND_S = 3.0
_POLL_S = 0.1
_RS485_BYTES = 16
_RS485_S = 2.0
_PARITY = {"none": None, "even": 0, "odd": 1}
_PARITY_HOST = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}
_FINAL = re.compile(r"^(OK|ERROR|\+CM[ES] ERROR:.*)$", re.MULTILINE)


def modem(trial: Trial) -> None:
    """It answers, has its IMEI, reads the SIM and hears a network."""
    words = trial.words
    baud = int(words["baud"])
    found = trial.dut.part("modem", baud=baud, press_ms=words["press_ms"])
    if not trial.check("is there", found["fitted"], text="" if found["fitted"] else
                       "the board has no line for a modem"):
        return
    end = _MODEM.now() + words["seconds"] + words["press_ms"] / 1000
    answer = ""
    while "OK" not in answer and _MODEM.now() < end:
        answer = _ask(trial, "ATE0", 1.0)
    if not trial.check("answers", "OK" in answer, text="" if answer else "is silent"):
        return
    trial.fact("model", " ".join(_ask(trial, "ATI").split()).removesuffix(" OK"))
    imei = re.search(r"\b([0-9]{15})\b", _ask(trial, "AT+CGSN"))
    trial.check("IMEI", imei is not None and luhn(imei[1]), imei[1] if imei else None,
                wanted="15 digits, the last of them a check digit")
    if words["sim"]:
        state = _ask(trial, "AT+CPIN?")
        trial.check("SIM", "READY" in state, " ".join(state.split())[:60])
    signal = re.search(r"\+CSQ: *([0-9]+)", _ask(trial, "AT+CSQ"))
    level = int(signal[1]) if signal else 99
    if words["signal_dBm"] is None:
        trial.fact("signal, dBm", None if level == 99 else 2 * level - 113)
    elif trial.check("hears a network", level != 99):
        trial.within("signal", 2 * level - 113, words["signal_dBm"], None, "dBm")


def _ask(trial: Trial, command: str, seconds: float = _COMMAND_S) -> str:
    """Send a command and return what comes up to its end, or to the end of the time."""
    received = trial.dut.part("modem", baud=int(trial.words["baud"]),
                              send=command + "\r")["received"]
    end = _MODEM.now() + seconds
    while not _FINAL.search(received) and _MODEM.now() < end:
        _MODEM.sleep(_POLL_S)
        received += trial.dut.part("modem", baud=int(trial.words["baud"]))["received"]
    return str(received)


def rs485(trial: Trial) -> None:
    """Bytes go from the meter to a port of this computer and back, both wires driven."""
    words = trial.words
    line = {"baud": words["baud"], "parity": _PARITY[words["parity"]]}
    if not trial.check("is there", trial.dut.part("rs485", **line)["fitted"]):
        return
    try:
        port = serial.serial_for_url(
            words["port"], words["baud"], parity=_PARITY_HOST[words["parity"]],
            timeout=_RS485_S)
    except (OSError, ValueError) as e:
        raise NotDone(f"port {words['port']}: cannot be opened: {e}") from e
    with port:
        sent = secrets.token_bytes(_RS485_BYTES)
        trial.dut.part("rs485", send=sent.hex(), **line)
        heard = port.read(_RS485_BYTES)
        trial.check("is heard", heard == sent, heard.hex() or "nothing", wanted=sent.hex())
        asked = secrets.token_bytes(_RS485_BYTES)
        port.write(asked)
        port.flush()
        got = bytearray()

        def came() -> bool:
            got.extend(bytes.fromhex(trial.dut.part("rs485", **line)["received"]))
            return len(got) >= _RS485_BYTES

        trial.wait_for(_RS485_S, came)
        trial.check("hears", bytes(got) == asked, got.hex() or "nothing", wanted=asked.hex())
