"""SIM7020 and BC95: data as hexadecimal, checked and bounded; no TLS."""

import unittest

from fake_modem_uart import error_of, run
from family_rig import FamilyCase, Tls

from joulegate.link.errors import LinkError
from joulegate.link.modem.addresses import is_address
from joulegate.link.modem.at_errors import AtError, AtTimeout, Restarted
from joulegate.link.modem.bc95_nso import Bc95
from joulegate.link.modem.family import CLOSED, NOTHING, RECEIVED
from joulegate.link.modem.hex_stream import hex_into, to_hex
from joulegate.link.modem.sim7020_cso import Sim7020

ADDRESS = '+CGPADDR: 1,"10.0.0.2"|OK'


class TestHex(unittest.TestCase):

    def test_both_ways(self):
        data = bytes(range(256))
        into = memoryview(bytearray(256))
        text = to_hex(data)
        self.assertEqual(text[:8], "00010203")
        self.assertEqual(hex_into("x" + text + "y", 1, 513, into), 256)
        self.assertEqual(bytes(into), data)
        self.assertEqual(hex_into("aBcD", 0, 4, into), 2)
        self.assertEqual(bytes(into[:2]), b"\xab\xcd")
        self.assertEqual(hex_into("", 0, 0, into), 0)

    def test_what_is_no_hexadecimal_or_too_much(self):
        into = memoryview(bytearray(3))
        for text in ("0", "012", "0g", "0 ", "0x12", "00112233"):
            with self.assertRaises(ValueError):
                hex_into(text, 0, len(text), into)
        with self.assertRaises(ValueError):
            hex_into("0011", 4, 2, into)

    def test_addresses(self):
        for host, good in (("10.0.0.2", True), ("255.255.255.255", True), ("10.0.0", False),
                           ("10.0.0.256", False), ("10.0.0.0002", False), ("a.b.c.d", False),
                           ("broker", False), ("", False), ("1.2.3.4.5", False),
                           ("1.2.3.-4", False)):
            self.assertEqual(is_address(host), good, host)


class TestSim7020(FamilyCase, unittest.TestCase):

    def setUp(self):
        self.begin(Sim7020(), {
            "AT+CGPADDR=1": ADDRESS, "AT+CSOC=1,1,1": "+CSOC: 0|OK",
            'AT+CDNSGIP="broker"': '+CDNSGIP: 1,"broker","10.1.2.3"|OK'})

    def test_sockets_of_before_are_closed(self):
        self.answer("AT+CSOCL=3", "+CME ERROR: 3")
        self.up()
        self.assertEqual(len(self.asked("AT+CSOCL=")), 5)

    def test_an_address_needs_no_name_service(self):
        self.open("10.0.0.9")
        self.assertEqual(self.modem.commands, ["AT+CSOC=1,1,1", 'AT+CSOCON=0,1883,"10.0.0.9"'])

    def test_failure_3_a_name_found_before_or_after_the_ok(self):
        for reply in ('+CDNSGIP: 1,"broker","10.1.2.3"|OK', 'OK|+CDNSGIP: 1,"broker","10.1.2.3"'):
            self.answer('AT+CDNSGIP="broker"', reply)
            self.open()
            self.assertEqual(self.modem.commands[-1], 'AT+CSOCON=0,1883,"10.1.2.3"')

    def test_a_name_not_found(self):
        for reply in ("OK|+CDNSGIP: 0,8", 'OK|+CDNSGIP: 1,"broker","x"', "+CDNSGIP: 0,8|ERROR"):
            self.answer('AT+CDNSGIP="broker"', reply)
            error_of(LinkError, self.family.open(self.engine, "broker", 1883, None))
        self.assertEqual(self.asked("CSOCON"), [])

    def test_tls_is_refused(self):
        error = error_of(ValueError, self.family.open(self.engine, "10.0.0.9", 8883, Tls()))
        self.assertTrue("the SIM7020 has none" in str(error))
        self.assertEqual(self.modem.commands, [])

    def test_a_socket_of_another_number(self):
        self.answer("AT+CSOC=1,1,1", "+CSOC: 2|OK")
        self.open("10.0.0.9")
        self.assertEqual(self.hear("+CSONMI: 0,4,AABB", "+CSONMI: 2,4,CCDD", "+CSOERR: 0,-1",
                                   "+CSOERR: 2,-1"), [NOTHING, RECEIVED, NOTHING, CLOSED])
        self.assertEqual(self.read(), b"\xcc\xdd")
        run(self.family.close(self.engine))
        run(self.family.close(self.engine))
        self.assertEqual(self.asked("CSOCL"), ["AT+CSOCL=2"])

    def test_no_socket(self):
        for reply in ("OK", "+CSOC: x|OK"):
            self.answer("AT+CSOC=1,1,1", reply)
            error_of(LinkError, self.family.open(self.engine, "10.0.0.9", 1883, None))

    def test_what_is_counted_are_digits(self):
        self.open("10.0.0.9")
        self.assertEqual(self.send(b"\x00OK"), 3)
        self.assertEqual(self.modem.commands[-1], "AT+CSOSEND=0,6,004F4B")
        self.answer("AT+CSOSEND=0,2,00", "+CME ERROR: 3")
        error_of(AtError, self.family.send(self.engine, b"\x00"))
        self.answer("AT+CSOSEND=0,2,01", None)
        error_of(AtTimeout, self.family.send(self.engine, b"\x01"))

    def test_bytes_in_come_by_themselves_and_wait(self):
        self.open("10.0.0.9")
        self.assertEqual(self.hear("+CSONMI: 0,4,4F4B", "+CSONMI: 0,2,21"), [RECEIVED, RECEIVED])
        self.assertEqual((self.read(2), self.read(), self.read()), (b"OK", b"!", b""))

    def test_lengths_that_are_wrong_end_the_stream(self):
        for line in ("+CSONMI: 0,2,4F4B", "+CSONMI: 0,6,4F4B", "+CSONMI: 0,3,4F4",
                     "+CSONMI: 0,4,4F4G", "+CSONMI: 0,x,4F4B", "+CSONMI: 0", "+CSONMI:",
                     "+CSONMI: 0,4"):
            self.open("10.0.0.9")
            self.hear(line)
            error_of(LinkError, self.family.receive(self.engine, memoryview(bytearray(64))))

    def test_more_than_there_is_room_for_ends_the_stream(self):
        self.open("10.0.0.9")
        line = "+CSONMI: 0,1024," + "41" * 512
        self.hear(line, line, line, line)
        self.assertEqual(self.read(512), b"A" * 512)
        self.hear(line, line)
        error = error_of(LinkError, self.family.receive(self.engine, memoryview(bytearray(9))))
        self.assertEqual(str(error), "sim7020: more came than there is room for")

    def test_a_line_too_long_ends_the_stream(self):
        self.open("10.0.0.9")
        self.hear("+CSONMI: 0,2048," + "41" * 1024)
        error_of(LinkError, self.family.receive(self.engine, memoryview(bytearray(9))))

    def test_data_for_nobody(self):
        self.assertEqual(self.hear("+CSONMI: 0,4,4F4B"), [NOTHING])


class TestBc95(FamilyCase, unittest.TestCase):

    def setUp(self):
        self.begin(Bc95(), {
            "AT+CGPADDR=1": "+CGPADDR:1,10.0.0.2|OK", 'AT+NSOCR="STREAM",6,0,1': "1|OK"})

    def start(self):
        self.open("10.0.0.9")

    def fails(self, reply, size=64):
        self.answer("AT+NSORF=1,%d" % size, reply)
        return error_of(LinkError, self.family.receive(self.engine, memoryview(bytearray(size))))

    def test_sockets_of_before_are_closed(self):
        self.up()
        self.assertEqual(len(self.asked("AT+NSOCL=")), 8)

    def test_opening(self):
        self.start()
        self.assertEqual(self.modem.commands, [
            'AT+NSOCR="STREAM",6,0,1', "AT+NSOCO=1,10.0.0.9,1883"])
        self.answer('AT+NSOCR="STREAM",6,0,1', "0|OK")
        self.start()
        self.assertEqual(self.modem.commands[-1], "AT+NSOCO=0,10.0.0.9,1883")
        run(self.family.close(self.engine))
        self.assertEqual(self.modem.commands[-1], "AT+NSOCL=0")
        self.answer('AT+NSOCR="STREAM",6,0,1', "OK")
        error_of(LinkError, self.family.open(self.engine, "10.0.0.9", 1883, None))

    def test_tls_and_names_are_refused(self):
        error = error_of(ValueError, self.family.open(self.engine, "10.0.0.9", 8883, Tls()))
        self.assertTrue("the BC95 has none" in str(error))
        error = error_of(ValueError, self.family.open(self.engine, "broker", 1883, None))
        self.assertEqual(str(error),
                         "host broker: the BC95 knows no names; give the broker's address")
        self.assertEqual(self.modem.commands, [])

    def test_bytes_out(self):
        self.start()
        self.answer("AT+NSOSD=1,2,4F4B", "1,2|OK")
        self.assertEqual(self.send(b"OK"), 2)
        for reply in ("1,1|OK", "OK", "2,2|OK", "+CME ERROR: 3"):
            self.answer("AT+NSOSD=1,2,4F4B", reply)
            error_of(LinkError, self.family.send(self.engine, b"OK"))

    def test_bytes_in(self):
        self.start()
        self.answer("AT+NSORF=1,64", "+NSONMI:1,9|1,10.0.0.9,1883,2,4F4B,7|OK")
        self.assertEqual(self.read(), b"OK")
        self.assertEqual(self.told, [RECEIVED])
        self.answer("AT+NSORF=1,64", "OK")
        self.assertEqual(self.read(), b"")

    def test_lengths_that_are_wrong_end_the_stream(self):
        self.start()
        for line in ("1,10.0.0.9,1883,3,4F4B,0", "1,10.0.0.9,1883,2,4F4,0",
                     "1,10.0.0.9,1883,2,4F4G,0", "1,10.0.0.9,1883,2,4F4B", "4F4B",
                     "2,10.0.0.9,1883,2,4F4B,0", "1,10.0.0.9,1883,65,%s,0" % ("41" * 65),
                     "1,10.0.0.9,1883,2,4F4B,0|1,10.0.0.9,1883,2,4F4B,0"):
            self.assertTrue("AT+NSORF: " in str(self.fails(line + "|OK")), line)

    def test_a_line_too_long_ends_the_stream(self):
        self.start()
        self.fails("1,10.0.0.9,1883,400,%s,0|OK" % ("41" * 400))

    def test_notices(self):
        self.start()
        self.assertEqual(self.hear("+NSONMI:1,5", "+NSONMI:2,5", "+NSOCLI:1", "+NSOCLI: 1",
                                   "+NSOCLI:0"), [RECEIVED, NOTHING, CLOSED, CLOSED, NOTHING])

    def test_failure_12_boot_strings(self):
        for boot in ("Neul", "REBOOT_CAUSE_SECURITY_RESET_PIN", "REBOOTING"):
            self.begin(Bc95(), {})
            self.modem.say(boot)
            with self.assertRaises(Restarted):
                self.engine.pump()


if __name__ == "__main__":
    unittest.main()
