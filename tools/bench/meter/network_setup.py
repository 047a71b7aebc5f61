"""What a bench meter needs to be on a network: a modem's line, certificates, keys, settings."""

import os

import pins
from joulegate.app import App
from joulegate.link.network import CERTIFICATES
from world import wiring


def wire(spec: dict) -> None:
    """Before the start: put the tty of a modem, "modem" in the spec, on its UART."""
    if spec.get("modem"):
        wiring.wire_uart(pins.MODEM_UART, spec["modem"])


def set_up(app: App, spec: dict) -> None:
    """Give a meter that has an account what it lacks.

    spec: "settings" of its link, "keys" for messages as key_documents.message_keys has them,
    "files" for TLS as {name: hex of DER}. ValueError, OSError.
    """
    folder = app.board.FOLDER + CERTIFICATES
    for name, data in spec["files"].items():
        if CERTIFICATES[1:] not in os.listdir(app.board.FOLDER):
            os.mkdir(folder)
        with open(folder + "/" + name, "wb") as f:
            f.write(bytes.fromhex(data))
    if not app.entrance.has_message_keys:
        app.entrance.install_message_keys(spec["keys"], False)
    values = app.network.settings.values
    changes = {
        name: value for name, value in spec["settings"].items() if values[name] != value}
    if changes or app.network.uplink is None:
        app.network.change(changes)
