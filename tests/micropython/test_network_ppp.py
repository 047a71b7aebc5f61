"""What a network builds where its settings want PPP: one modem for all, and nothing that is not
wanted."""

import asyncio
import unittest

from fake_modem_uart import FakeModem, FakeTiming
from link_rig import FakeSettings
from parts import FakeClock

from joulegate.link.modem.modem_transport import ModemTransport
from joulegate.link.modem.no_stream import NoStream
from joulegate.link.network import Network


class Board:
    SOCKETS = False

    def __init__(self, has_ppp, has_modem):
        self.has_ppp = has_ppp
        self.has_modem = has_modem
        self.uart = FakeModem(FakeTiming())

    def ppp(self):
        return Board if self.has_ppp else None

    def modem(self, baudrate):
        return (self.uart, None, None, None, None) if self.has_modem else None

    def wlan(self):
        return None


class App:
    def __init__(self, board):
        self.board = board
        self.clock = FakeClock()
        self.log = None

    def begin_message(self, payload, carrier):
        raise AssertionError(payload)

    enter_token = begin_message


class Built(unittest.TestCase):

    def build(self, names, has_ppp=True, has_modem=True):
        async def begin():
            network = Network(App(Board(has_ppp, has_modem)), "/nowhere")
            settings = FakeSettings(transports=names)
            settings.values.update(host="", apn="", lora=False, family="")
            network._settings = settings
            for task in network._begin():
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    pass
            return network
        return asyncio.run(begin())

    def test_ppp_alone(self):
        network = self.build(["ppp"])
        self.assertEqual(list(network.transports), ["ppp"])
        self.assertTrue(isinstance(network.modem._transport, NoStream))
        self.assertTrue(network.transports["ppp"]._modem is network.modem._dialler)
        self.assertTrue(network.sms is not None)

    def test_both_share_one_modem(self):
        network = self.build(["ppp", "modem"])
        ppp = network.transports["ppp"]
        stream = network.transports["modem"]
        self.assertEqual(sorted(network.transports), ["modem", "ppp"])
        self.assertTrue(isinstance(stream, ModemTransport))
        self.assertTrue(network.modem._transport is stream)
        self.assertEqual(stream.release, ppp.release)

    def test_sockets_alone(self):
        network = self.build(["modem"])
        self.assertEqual(list(network.transports), ["modem"])
        self.assertEqual((network.modem._dialler, network.transports["modem"].release),
                         (None, None))

    def test_a_board_without_ppp(self):
        network = self.build(["ppp"], has_ppp=False)
        self.assertEqual((network.transports, network.modem), ({}, None))
        network = self.build(["modem", "ppp"], has_ppp=False)
        self.assertEqual(list(network.transports), ["modem"])

    def test_a_board_without_a_modem(self):
        network = self.build(["ppp", "modem"], has_modem=False)
        self.assertEqual((network.transports, network.modem), ({}, None))


if __name__ == "__main__":
    unittest.main()
