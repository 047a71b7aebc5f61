"""A meter with its link, in virtual time: the whole firmware, on flash that can fail.

The metering IC, relay and clock are those of lean_meter.py; the network is world/byte_network.py.
"""

import vfs

from joulegate.app import App
from joulegate.link import link_task
from joulegate.link.errors import LinkError
from joulegate.link.link_task import Link
from meter.lean_meter import FOLDER, LeanMeter
from meter.turns import Turns
from world.byte_network import NetworkError
from world.flash import PAGE

_STEPS = 6
"""Of bringing up the network, as a modem's script has steps."""


class ModelTransport:
    """A transport, as joulegate/link/transport.py has it, over the model of a network."""

    name = "modem"

    def __init__(self, network: object, turns: Turns, random: object) -> None:
        self._network = network
        self._turns = turns
        self._random = random
        self._stream = None
        self._attached = False
        self.fails_at = 0
        """Step of the next attach at which the modem resets, 0 for none."""
        self.sent = 0
        self.received = 0

    async def attach(self) -> None:
        network = self._network
        if self._attached and network.now_us() >= network.down_until:
            return
        self._attached = False
        for step in range(1, _STEPS + 1):
            await self._turns.sleep_ms(300 + self._random.randrange(2000))
            if step == self.fails_at:
                self.fails_at = 0
                raise LinkError("modem: has reset at step %d" % step)
        waited = 0
        while network.now_us() < network.down_until:
            if waited >= 180:
                raise LinkError("modem: not registered for 180 s")
            waited += 5
            await self._turns.sleep_ms(5000)
        self._attached = True

    async def open(self, host: str, port: int, tls: object) -> None:
        await self._turns.sleep_ms(self._network.delay_us // 500)
        try:
            self._stream = self._network.open()
        except NetworkError as e:
            raise LinkError(str(e)) from None

    def send(self, data: bytes) -> int:
        try:
            size = self._stream.send(data)
        except NetworkError as e:
            raise LinkError(str(e)) from None
        self.sent += size
        return size

    def receive_into(self, buffer: bytearray) -> int:
        try:
            size = self._stream.receive_into(buffer)
        except NetworkError as e:
            raise LinkError(str(e)) from None
        self.received += size
        return size

    def close(self) -> None:
        if self._stream is not None:
            self._network.close(self._stream)
            self._stream = None

    def signal(self) -> int:
        return -80


class LinkMeter:
    """Flash, board, and the firmware with its link on them; `app` is None without power."""

    def __init__(
        self, flash: object, network: object, random: object, keepalive_s: int, poll_ms: int
    ) -> None:
        """flash: of a provisioned meter."""
        self.lean = LeanMeter(flash)
        self.turns = Turns()
        self.app = None
        self.uplink = None
        self.link = None
        self._network = network
        self._random = random
        self._keepalive_s = keepalive_s
        self._poll_ms = poll_ms
        self.transport = ModelTransport(network, self.turns, random)
        self.receipts = []
        """Numbers of the receipts that the outbox took."""

    def power_up(self) -> None:
        """Start on what the flash holds; OSError when it cannot be mounted."""
        self.lean.flash.restore_power()
        vfs.mount(vfs.VfsLfs2(self.lean.flash, progsize=PAGE, readsize=PAGE), FOLDER)
        app = self.app = self.lean.app = App(self.lean.board)
        app.start()
        self.uplink = app.uplink
        settings = app.network.settings
        settings.values["keepalive_s"] = self._keepalive_s
        self.transport = ModelTransport(self._network, self.turns, self._random)
        self.link = app.network.link = Link(
            lambda: app.state.meter_id, settings, {"modem": self.transport}, self.uplink,
            app.begin_message, app.clock, self._random.randrange, app.log, poll_ms=self._poll_ms)
        link_task.asyncio = self.turns
        outbox = self.uplink.held.outbox
        self._put_receipt = outbox.put_receipt
        outbox.put_receipt = self._note_receipt
        self.turns.create_task(self.link.run())

    def _note_receipt(self, message: bytes, now: int) -> int:
        number = self._put_receipt(message, now)
        self.receipts.append(number)
        return number

    def power_down(self) -> None:
        """Lose RAM and mount, whatever was going on."""
        self.turns.clear()
        if self.link is not None:
            # The other end hears nothing.
            self._network.cut(0)
        self.app = self.uplink = self.link = None
        self.lean.power_down()

    def tick(self) -> None:
        self.app.task.turn()
