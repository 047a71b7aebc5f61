"""Wi-Fi and PPP on small fakes of what the board has, and the name server's answers."""

import asyncio
import unittest

from link_rig import FakeSettings
from parts import FakeClock, error_text

from joulegate.link.errors import LinkError
from joulegate.link.ppp import DOWN_MS, UP_MS, PppTransport
from joulegate.link.resolver import address_in, is_address, query
from joulegate.link.wifi import JOIN_MS, OFF_AFTER, WifiTransport


def run(clock, coroutine):
    """Run to its end what sleeps by this clock; return what it gives."""
    real = getattr(asyncio, "sleep_ms", None)

    async def sleep_ms(ms):
        clock.pass_ms(ms)

    asyncio.sleep_ms = sleep_ms
    try:
        return asyncio.run(coroutine)
    finally:
        if real is None:
            del asyncio.sleep_ms
        else:
            asyncio.sleep_ms = real


class Wlan:
    """A station that finds the networks it is given, a while after it was asked."""

    def __init__(self, clock, there):
        self.clock = clock
        self.there = there
        self.asked = []
        self.switched = []
        self.since = 0
        self.error = None

    def active(self, on):
        self.switched.append(on)

    def disconnect(self):
        self.asked.append(None)

    def connect(self, name, password):
        if self.error:
            raise self.error
        self.asked.append((name, password))
        self.since = self.clock.ms

    def isconnected(self):
        return bool(self.asked) and self.asked[-1] in self.there and (
            self.clock.ms - self.since >= 3000)

    def status(self, what=None):
        return -61 if what == "rssi" else 201

    def ifconfig(self):
        return ("192.0.2.7", "255.255.255.0", "192.0.2.1", "192.0.2.53")


HOME = ["home", "longenough"]
OPEN = ["open", ""]


class Wifi(unittest.TestCase):

    def setUp(self):
        self.clock = FakeClock()
        self.wlan = Wlan(self.clock, [("open", None)])
        self.settings = FakeSettings(wifi=[HOME, OPEN])
        self.wifi = WifiTransport(self.wlan, self.settings, self.clock)

    def attach(self):
        run(self.clock, self.wifi.attach())

    def test_second_network(self):
        self.attach()
        self.assertEqual(self.wifi.joined, "open")
        self.assertEqual([a for a in self.wlan.asked if a],
                         [("home", "longenough"), ("open", None)])
        self.assertTrue(JOIN_MS <= self.clock.ms <= JOIN_MS + 4000)
        self.assertEqual(self.wifi.signal(), -61)
        self.attach()
        self.assertEqual(len([a for a in self.wlan.asked if a]), 2)

    def test_last_good_one_first(self):
        self.attach()
        self.wlan.disconnect()
        self.assertEqual(self.wifi.signal(), None)
        self.attach()
        self.assertEqual(self.wlan.asked[-1], ("open", None))
        self.assertEqual(len([a for a in self.wlan.asked if a]), 3)

    def test_none_known(self):
        self.settings.values["wifi"] = []
        self.assertEqual(error_text(LinkError, self.attach), "wifi: no network is known")

    def test_none_there(self):
        self.wlan.there = []
        for n in range(OFF_AFTER + 1):
            self.wlan.switched.clear()
            said = error_text(LinkError, self.attach)
            self.assertEqual(
                said, "wifi: home does not answer (201), open does not answer (201)")
            self.assertEqual(
                self.wlan.switched, [False, True] if n == OFF_AFTER else [True])

    def test_driver_fails(self):
        self.wlan.error = OSError("Wifi Internal Error")
        said = error_text(LinkError, self.attach)
        self.assertTrue("home fails: Wifi Internal Error" in said, said)

    def test_settings_changed_to_fewer(self):
        self.attach()
        self.wlan.disconnect()
        self.settings.values["wifi"] = [HOME]
        self.wlan.there = [("home", "longenough")]
        self.attach()
        self.assertEqual(self.wifi.joined, "home")


class Modem:
    def __init__(self, log):
        self.log = log
        self.error = None

    async def attach(self):
        self.log.append("attach")

    async def dial(self, number):
        self.log.append("dial " + number)
        if self.error:
            raise LinkError(self.error)
        return "the uart"

    async def hang_up(self, failure):
        self.log.append(("hang up", failure))

    def signal(self):
        return -77


class Ppp:
    """As network.PPP: keywords only, and a status as extmod/network_ppp_lwip.c counts them."""

    SEC_PAP = 1
    INACTIVE, CONNECTING, CONNECTED = 0, 3, 4

    def __init__(self, clock, log):
        self.clock = clock
        self.log = log
        self.up_ms = 2000
        self.down_ms = 1000
        self.fails = 0
        self.error = None
        self.state = self.INACTIVE
        self.next = (0, self.INACTIVE)

    def _soon(self, ms, state):
        self.next = (self.clock.ms + ms, state)

    def connect(self, **settings):
        if self.error:
            raise self.error
        self.log.append(("connect", settings))
        self.state = self.CONNECTING
        self._soon(self.up_ms, self.fails or self.CONNECTED)

    def disconnect(self):
        self.log.append("disconnect")
        if self.status() >= self.CONNECTING:
            self._soon(self.down_ms, self.INACTIVE)

    def status(self):
        if self.state != self.next[1] and self.clock.ms >= self.next[0]:
            self.state = self.next[1]
        return self.state

    def isconnected(self):
        return self.status() == self.CONNECTED

    def lose(self, status=-6):
        self.state = status
        self._soon(0, status)

    def __del__(self):
        self.log.append("freed")
        self.state = self.INACTIVE
        self._soon(0, self.INACTIVE)

    def ifconfig(self):
        return ("192.0.2.9", "255.255.255.255", "192.0.2.1", "0.0.0.0")


class PppDial(unittest.TestCase):

    def setUp(self):
        self.clock = FakeClock()
        self.log = []
        self.made = []
        self.modem = Modem(self.log)
        self.settings = FakeSettings()
        self.device = Ppp(self.clock, self.log)
        self.ppp = PppTransport(self.modem, self.make, self.settings, self.clock)

    def make(self, stream):
        self.made.append(stream)
        return self.device

    def attach(self):
        run(self.clock, self.ppp.attach())

    def test_up(self):
        self.attach()
        self.assertEqual(self.log, ["attach", "dial *99#", ("connect", {})])
        self.attach()
        self.assertEqual(len(self.log), 3)
        self.assertEqual((self.ppp.signal(), self.ppp._dns, self.made), (-77, "", ["the uart"]))

    def test_password(self):
        self.settings.values.update(apn_user="u", apn_password="p")
        self.attach()
        self.assertEqual(
            self.log[-1], ("connect", {"security": 1, "user": "u", "key": "p"}))

    def test_never_up(self):
        self.device.up_ms = UP_MS * 2
        said = error_text(LinkError, self.attach)
        self.assertEqual(said, "ppp: no address within 60 s")
        self.assertEqual(self.log[-2:], [
            "disconnect", ("hang up", "ppp: no address within 60 s")])
        self.assertEqual(self.device.status(), Ppp.INACTIVE)

    def test_refused_at_once(self):
        for status, why in ((-7, "name or password refused"), (-9, "the other side is silent"),
                            (-6, "the line was lost"), (-12, "the modem only echoes"),
                            (-3, "status -3")):
            self.setUp()
            self.device.fails = status
            began = self.clock.ms
            self.assertEqual(error_text(LinkError, self.attach), "ppp: " + why)
            self.assertTrue(self.clock.ms - began < 5000)
            self.assertEqual(self.log[-1], ("hang up", "ppp: " + why))

    def test_the_line_is_given_back_only_when_ppp_is_down(self):
        self.attach()
        began = self.clock.ms
        run(self.clock, self.ppp.release())
        self.assertTrue(self.clock.ms - began >= 1000)
        self.assertEqual(self.log[-2:], ["disconnect", ("hang up", "")])
        run(self.clock, self.ppp.release())
        self.assertEqual(self.log[-2:], ["disconnect", ("hang up", "")])

    def test_ppp_that_does_not_end(self):
        self.attach()
        self.device.down_ms = DOWN_MS * 2
        run(self.clock, self.ppp.release())
        self.assertEqual(self.log[-3:], ["disconnect", "freed", ("hang up", "")])

    def test_lost_and_dialled_again_with_the_same_device(self):
        self.attach()
        self.device.lose()
        self.attach()
        self.assertEqual(self.log[3:], [
            "disconnect", ("hang up", "ppp: it has ended without data"), "attach", "dial *99#",
            ("connect", {})])
        self.assertEqual(self.made, ["the uart"])

    def test_data_that_came_shows_that_it_worked(self):
        self.attach()
        self.ppp.received += 1
        self.device.lose()
        self.attach()
        self.assertEqual(self.log[4], ("hang up", ""))

    def test_no_carrier(self):
        self.modem.error = "modem: NO CARRIER"
        self.assertEqual(error_text(LinkError, self.attach), "modem: NO CARRIER")
        self.assertEqual(self.made, [])

    def test_whatever_fails_gives_the_line_back(self):
        for error in (OSError("no memory"), ValueError("stream"), MemoryError("heap")):
            self.setUp()
            self.device.error = error
            self.assertEqual(error_text(LinkError, self.attach), "ppp: " + str(error))
            self.assertEqual(self.log[-1], ("hang up", "ppp: " + str(error)))

            def refuse(stream, error=error):
                raise error
            self.setUp()
            self.ppp._make_ppp = refuse
            self.assertEqual(error_text(LinkError, self.attach), "ppp: " + str(error))
            self.assertEqual(self.log[-1], ("hang up", "ppp: " + str(error)))

    def test_a_host_out_of_reach_ends_ppp(self):
        self.attach()

        async def nowhere(host, port):
            raise LinkError("ppp: broker: no address")
        self.ppp._address = nowhere

        def opening():
            run(self.clock, self.ppp.open("broker", 1883, None))
        self.assertEqual(error_text(LinkError, opening), "ppp: broker: no address")
        self.assertEqual(self.log[-2:], [
            "disconnect", ("hang up", "ppp: broker: no address")])
        self.attach()
        self.assertEqual(self.log[-1], ("connect", {}))


# RFC 1035, section 4.1, by hand: broker.example is an alias of b.example at 192.0.2.44.
QUESTION = (b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
            b"\x06broker\x07example\x00\x00\x01\x00\x01")
ALIAS = b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x0e\x10\x00\x04\x01b\xc0\x13"
ADDRESS = b"\xc0\x2c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\x00\x02\x2c"


def answer(records, count, flags=b"\x81\x80", start=b"\x12\x34", question=QUESTION):
    return start + flags + b"\x00\x01" + bytes((0, count)) + bytes(4) + question[12:] + records


class Names(unittest.TestCase):

    def test_question(self):
        self.assertEqual(query("broker.example", 0x1234), QUESTION)
        for name in ("a..b", "", "x" * 64 + ".example", "."):
            with self.assertRaises(LinkError):
                query(name, 1)

    def test_answer(self):
        self.assertEqual(address_in(answer(ALIAS + ADDRESS, 2), QUESTION), "192.0.2.44")
        self.assertEqual(address_in(answer(ADDRESS, 1), QUESTION), "192.0.2.44")

    def test_no_answer_to_this(self):
        for other in (
            b"", b"\x12\x34", QUESTION, answer(ADDRESS, 1, start=b"\x12\x35"),
            answer(ADDRESS, 1, question=QUESTION.replace(b"broker", b"braker")),
        ):
            self.assertEqual(address_in(other, QUESTION), None)

    def test_none(self):
        for records, count, flags in (
            (b"", 0, b"\x81\x80"), (b"", 0, b"\x81\x83"), (ALIAS, 1, b"\x81\x80"),
            (ADDRESS[:-1], 1, b"\x81\x80"), (b"\xc0", 1, b"\x81\x80"),
            (b"\x3fabc", 200, b"\x81\x80"), (ALIAS * 20, 255, b"\x81\x80"),
        ):
            with self.assertRaises(LinkError):
                address_in(answer(records, count, flags), QUESTION)

    def test_every_cut(self):
        whole = answer(ALIAS + ADDRESS, 2)
        for size in range(len(whole)):
            try:
                self.assertEqual(address_in(whole[:size], QUESTION), None)
            except LinkError:
                pass

    def test_is_address(self):
        for text, right in (("192.0.2.1", True), ("1.2.3", False), ("1.2.3.256", False),
                            ("a.b.c.d", False), ("1.2.3.4.5", False), ("broker.example", False)):
            self.assertEqual(is_address(text), right)


if __name__ == "__main__":
    unittest.main()
