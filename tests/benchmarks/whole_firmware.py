"""The whole firmware on a small heap: start, provision, meter, commit, credit, meter on.

usage: micropython -X heapsize=N whole_firmware.py IMAGE ROMFS [keys [link]] [panel]

IMAGE is a file for the flash, so that only the firmware is on the heap. ROMFS is a file with
the firmware compiled: its bytecode stays where it is, as on a board. It lies on the heap as
one block, which N has to allow for and which is not counted. With `keys` the meter takes
tokens and messages, and is given one of each, and somebody types at its console. With `link`
its modem's task runs beside the ticks, and so does the link, which has a connection and a
session on it. With `panel` there are a segment glass, a keypad and lamps, and every page is
shown in both languages. Prints {"free": bytes free in steady state after a collection, "total":
bytes, "ticks": n}, and before it, by qstr_info, what the names of all things take of it, which an
image has frozen.

On a 64-bit port 192wK is 384 KiB; objects there are twice as long as on a board, or nearly.
"""

import asyncio
import gc
import json
import os
import sys

import micropython
import vfs
from benchmarks.file_flash import FileFlash

FOLDER = "/lean"
TICKS = 5000
LINK_STEPS = 500
"""Of 20 ms each: the longest wait for the link."""
ROLES = ("vending", "administrator", "technician", "meter")


def mount(image: str, romfs: str) -> None:
    """Mount the file systems before the firmware is imported, as a board's boot does."""
    global rom
    rom = bytearray(os.stat(romfs)[6])
    with open(romfs, "rb") as f:
        f.readinto(rom)
    vfs.mount(vfs.VfsRom(rom), "/rom")
    sys.path[:0] = ["/rom", "/rom/lib"]
    flash = FileFlash(image)
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), FOLDER)


def install_keys(app: object) -> None:
    """Give the meter keys of both kinds, as a host does."""
    app.entrance.install_token_key({"key": "0123456789abcdef" * 2})
    app.entrance.install_message_keys(
        [{"role": role, "kid": "0%d" % i, "key": "0%d23456789abcdef" % i * 2}
         for i, role in enumerate(ROLES)], False)


def use_keys(app: object) -> None:
    """Have everything imported that a token and a message need."""
    if app.enter_token("0" * 19 + "7", 2).reason != "crc":
        raise RuntimeError("token: is not refused for its check sum")
    body = b"\xd0\x83\x43\xa1\x01\x0a\xa2\x04\x41\x00\x06\x41\x05\x4e" + b"x" * 14
    if app.accept_message(body, 4).status != 5:
        raise RuntimeError("message: is not refused for its tag")


def use_console(app: object) -> None:
    """Have everything imported that a line at the console needs."""
    from joulegate.console.commands import Commands
    shown: list = []
    Commands(app, shown.append).obey("status")
    if len(shown) < 5:
        raise RuntimeError("console: " + str(shown))


class SilentUart:
    """A modem that never says anything."""

    def any(self) -> int:
        return 0

    def write(self, data: bytes) -> int:
        return len(data)


class Broker:
    """A transport to a broker that takes the meter in, and acknowledges what it sends."""

    name = "modem"
    sent = received = 0

    def __init__(self) -> None:
        self._answers = b""
        self.published = 0

    async def attach(self) -> None:
        """There is nothing to bring up."""

    async def open(self, host: str, port: int, tls: object) -> None:
        self._answers = b""

    def send(self, data: bytes) -> int:
        kind = data[0] & 0xF0
        if kind == 0x10:
            self._answers += b"\x20\x02\x01\x00"
        elif kind == 0x80:
            self._answers += b"\x90\x03" + data[2:4] + b"\x01"
        elif kind == 0x30:
            self.published += 1
            at = 2 if data[1] < 0x80 else 3
            at += 2 + (data[at] << 8 | data[at + 1])
            self._answers += b"\x40\x02" + bytes(data[at:at + 2])
        return len(data)

    def receive_into(self, buffer: object) -> int:
        size = min(len(buffer), len(self._answers))
        buffer[:size] = self._answers[:size]
        self._answers = self._answers[size:]
        return size

    def close(self) -> None:
        """There is nothing to close."""

    def signal(self) -> None:
        return None


def settle_link() -> None:
    """Store link settings before the start, as a technician did once."""
    with open(FOLDER + "/link.json", "w") as f:
        json.dump({"host": "broker.example", "tls": False, "transports": ["modem"],
                   "apn": "iot.example", "family": "quectel-ec"}, f)


async def link_up(app: object, board: object) -> object:
    """Run the network until the link is served; return its task and the broker.

    The modem's own stream stays where it is, and another takes its place: from AT commands up
    to a stream is the matter of other tests.
    """
    from joulegate.link.modem import family_finder
    board.modem = lambda baud: (SilentUart(), None, None, None, None)
    task = asyncio.create_task(app.network.run())
    await asyncio.sleep_ms(0)
    network = app.network
    if network.modem is None:
        raise RuntimeError("link: no modem was begun")
    network.modem.family = family_finder.family("quectel-ec")
    broker = network.transports["modem"] = Broker()
    network.link.reconnect()
    for _ in range(LINK_STEPS):
        await asyncio.sleep_ms(20)
        if network.link.session and network.link.session.settled and broker.published > 1:
            return task, broker
    raise RuntimeError("link: " + network.link.phase + " " + network.link.failure)


def meter_on(app: object, board: object) -> None:
    """Ticks with a load, and a purchase every 500."""
    for tick in range(TICKS):
        board.chip.registers[0x40] = tick % 178
        app.metering.step()
        if tick % 500 == 0:
            receipt = app.gate.credit(tick + 1, 500000, app.clock.now())
            if not receipt.accepted:
                raise RuntimeError(receipt.reason)
    if app.state.billing.audit():
        raise RuntimeError(app.state.billing.audit())


async def linked(app: object, board: object) -> dict:
    """Meter with the link up, and measure while it is."""
    task, broker = await link_up(app, board)
    before = broker.published
    meter_on(app, board)
    for _ in range(LINK_STEPS):
        await asyncio.sleep_ms(20)
        if broker.published > before:
            break
    else:
        raise RuntimeError("link: nothing sent")
    if not app.network.link.connected:
        raise RuntimeError("link: " + app.network.link.failure)
    found = measured()
    task.cancel()
    return found


def measured() -> dict:
    gc.collect()
    micropython.qstr_info()
    free = gc.mem_free()
    return {"free": free, "total": free + gc.mem_alloc() - len(rom), "ticks": TICKS}


def main() -> None:
    import lean_board
    from benchmarks.documents import TIERED_TIME_OF_USE

    from joulegate.app import App

    gc.collect()
    keyed = "keys" in sys.argv
    link = "link" in sys.argv
    panel = "panel" in sys.argv
    if link:
        settle_link()
    if panel:
        # Only here: what is compiled of this stands in the heap that is measured.
        from benchmarks import panel_use
        panel_use.fit(lean_board)
    app = App(lean_board)
    app.start()
    document = json.dumps(TIERED_TIME_OF_USE).encode()
    if keyed:
        install_keys(app)
    app.provision("01234567890", document, 5)
    if keyed:
        use_keys(app)
        use_console(app)
    if panel:
        panel_use.use(app)
    del document
    if link:
        print(json.dumps(asyncio.run(linked(app, lean_board))))
    else:
        meter_on(app, lean_board)
        print(json.dumps(measured()))


mount(sys.argv[1], sys.argv[2])
main()
