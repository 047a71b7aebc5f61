"""SIMCom's CIP sockets and CCH sessions: what modems of this family get wrong in their own way."""

import unittest

from fake_modem_uart import error_of, run
from family_rig import FamilyCase, Tls

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_errors import AtError, AtTimeout, Restarted
from joulegate.link.modem.certificates import file_name, pem_size
from joulegate.link.modem.family import CLOSED, CONTEXT_LOST, NOTHING, RECEIVED
from joulegate.link.modem.simcom_cip import Simcom

OPEN = 'AT+CIPOPEN=0,"TCP","broker",1883'
CA = Tls().ca
UP = {
    "AT+NETCLOSE": "+IP ERROR: Network not opened|ERROR", "AT+NETOPEN": "OK|+NETOPEN: 0",
    "AT+CGPADDR=1": '+CGPADDR: 1,"10.0.0.2"|OK', OPEN: "OK|+CIPOPEN: 0,0",
    "AT+CIPCLOSE=0": "OK|+CIPCLOSE: 0,0", "AT+CCLK?": '+CCLK: "26/03/04,05:06:07+12"|OK',
    "AT+CCHSTOP": "ERROR", "AT+CCHSTART": "OK|+CCHSTART: 0", "AT+CCERTLIST": "OK",
    'AT+CCHOPEN=0,"broker",1883,2': "OK|+CCHOPEN: 0,0", "AT+CCHCLOSE=0": "OK|+CCHCLOSE: 0,0",
    'AT+CCERTDOWN="%s",%d' % (file_name(CA), pem_size(CA, "CERTIFICATE")): ">|OK",
}


class Case(FamilyCase, unittest.TestCase):

    def setUp(self):
        self.begin(Simcom(), dict(UP))


class TestContext(Case):

    def test_it_is_made_anew_so_that_nothing_of_before_is_left(self):
        self.up()
        self.assertEqual(self.modem.commands, ["AT+NETCLOSE", "AT+NETOPEN", "AT+CGPADDR=1"])

    def test_password_comes_before_user(self):
        self.up(apn_user="meter", apn_password="secret")
        self.assertEqual(len(self.asked('AT+CGAUTH=1,1,"secret","meter"')), 1)

    def test_one_that_is_open_already_is_good(self):
        self.answer("AT+NETOPEN", "+IP ERROR: Network is already opened|ERROR")
        self.up()

    def test_one_without_an_address_is_not(self):
        for reply in ('+CGPADDR: 1,"0.0.0.0"|OK', "+CGPADDR: 1|OK", "OK"):
            self.answer("AT+CGPADDR=1", reply)
            error = error_of(LinkError, self.family.context_up(self.engine, {"apn": "x"}))
            self.assertEqual(str(error), "AT+CGPADDR: the network gave no address")

    def test_one_that_fails_is_told(self):
        self.answer("AT+NETOPEN", "OK|+NETOPEN: 1")
        error = error_of(LinkError, self.family.context_up(self.engine, {"apn": "x"}))
        self.assertEqual(str(error), "AT+NETOPEN: error 1")

    def test_closed_unexpectedly_the_context_is_lost(self):
        self.assertEqual(self.hear("+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY"), [CONTEXT_LOST])


class TestOpening(Case):

    def test_receiving_by_hand_comes_first(self):
        self.open()
        self.assertEqual(self.modem.commands, ["AT+CIPRXGET=1", OPEN])
        self.answer("AT+CIPRXGET=1", "ERROR")
        error_of(AtError, self.family.open(self.engine, "broker", 1883, None))

    def test_failure_3_the_outcome_before_the_ok(self):
        self.answer(OPEN, "+CIPOPEN: 0,0|OK")
        self.open()

    def test_errors_are_named(self):
        for reply, text in (("OK|+CIPOPEN: 0,11", "error 11, name not found"),
                            ("+CIPOPEN: 0,10|OK", "error 10, timed out"),
                            ("OK|+CIPOPEN: 0", "error 0, not named"),
                            ("OK|+CIPOPEN: 0,99", "error 99, not named")):
            self.answer(OPEN, reply)
            error = error_of(LinkError, self.family.open(self.engine, "broker", 1883, None))
            self.assertEqual(str(error), "open broker:1883: " + text)

    def test_an_outcome_that_never_comes(self):
        self.answer(OPEN, "OK")
        error_of(AtTimeout, self.family.open(self.engine, "broker", 1883, None))

    def test_a_host_that_would_break_the_command(self):
        error_of(ValueError, self.family.open(self.engine, 'a"b', 1883, None))
        self.assertEqual(self.modem.commands, [])

    def test_closing_what_is_closed(self):
        self.answer("AT+CIPCLOSE=0", "+CIPCLOSE: 0,4|ERROR")
        run(self.family.close(self.engine))

    def test_failure_10_whether_it_is_open_can_be_asked(self):
        for flags, open_now in (("1,0,0,0,0,0,0,0,0,0", True), ("0,1,0,0,0,0,0,0,0,0", False)):
            self.answer("AT+CIPCLOSE?", "+CIPCLOSE: %s|OK" % flags)
            self.assertEqual(run(self.family.connected(self.engine)), open_now)


class TestSending(Case):

    def sent(self, reply):
        self.answer("AT+CIPSEND=0,5", reply)
        return self.send(b"hello")

    def test_whole_in_part_and_not_at_all(self):
        self.assertEqual(self.sent(">|OK|+CIPSEND: 0,5,5"), 5)
        self.assertEqual(self.sent(">|+CIPSEND: 0,5,3|OK"), 3)
        self.assertEqual(self.sent(">|OK|+CIPSEND: 0,5,0"), 0)
        self.assertEqual(self.modem.data, b"hello" * 3)

    def test_a_connection_that_is_gone(self):
        for reply in ("0,5,-1", "0,5,9", "0"):
            self.answer("AT+CIPSEND=0,5", ">|OK|+CIPSEND: " + reply)
            error = error_of(LinkError, self.family.send(self.engine, b"hello"))
            self.assertTrue("the connection is gone" in str(error))

    def test_failure_7_no_outcome(self):
        self.answer("AT+CIPSEND=0,5", ">|OK")
        error_of(AtTimeout, self.family.send(self.engine, b"hello"))

    def test_refused_before_the_data(self):
        self.answer("AT+CIPSEND=0,5", "+CIPERROR: 4|ERROR")
        error_of(AtError, self.family.send(self.engine, b"hello"))
        self.assertEqual(self.modem.data, b"")


class TestReceiving(Case):

    def test_by_count_whatever_is_in_it(self):
        self.answer("AT+CIPRXGET=2,0,64",
                    b"\r\n+CIPRXGET: 2,0,17,7\r\nOK\r\n\r\n+IPCLOSE: 0\r\n\r\nOK\r\n")
        self.assertEqual(self.read(), b"OK\r\n\r\n+IPCLOSE: 0")
        self.assertEqual(self.told, [])

    def test_nothing_as_the_a7670_says_it(self):
        self.answer("AT+CIPRXGET=2,0,64", "+CIPRXGET: 2,0,0,0|OK")
        self.assertEqual(self.read(), b"")

    def test_nothing_as_the_sim7600_says_it(self):
        self.answer("AT+CIPRXGET=2,0,64", "+IP ERROR: No data|ERROR")
        self.answer("AT+CIPRXGET=4,0", "+CIPRXGET: 4,0,0|+CIPRXGET: 1,0|OK")
        self.assertEqual(self.read(), b"")
        self.assertEqual(self.told[-1], RECEIVED)
        self.answer("AT+CIPRXGET=4,0", "ERROR")
        error_of(AtError, self.family.receive(self.engine, memoryview(bytearray(64))))

    def test_a_notice_that_looks_like_the_reply_is_not_lost(self):
        self.answer("AT+CIPRXGET=2,0,64", "+CIPRXGET: 1,0|+CIPRXGET: 2,0,0,0|OK")
        self.assertEqual(self.read(), b"")
        self.assertEqual(self.told, [RECEIVED])

    def test_more_than_there_is_room_for(self):
        self.answer("AT+CIPRXGET=2,0,4", b"\r\n+CIPRXGET: 2,0,6,0\r\nabcdef\r\nOK\r\n")
        error_of(AtTimeout, self.family.receive(self.engine, memoryview(bytearray(4))))

    def test_notices(self):
        self.assertEqual(self.hear("+CIPRXGET: 1,0", "+CIPRXGET: 1,3", "+IPCLOSE: 0,1",
                                   "+IPCLOSE:0,3", "+IPCLOSE: 2,1", "+CIPEVENT: x", "PB DONE"),
                         [RECEIVED, NOTHING, CLOSED, CLOSED, NOTHING, NOTHING, NOTHING])

    def test_failure_12_either_boot_string_is_a_restart(self):
        for boot in ("*ATREADY: 1", "RDY"):
            self.begin(Simcom(), {})
            self.modem.say(boot)
            with self.assertRaises(Restarted):
                self.engine.pump()


class TestTls(Case):

    def setUp(self):
        super().setUp()
        self.open(tls=Tls())

    def test_certificate_and_settings_before_the_session(self):
        name = file_name(CA)
        self.assertEqual(self.modem.commands, [
            "AT+CCLK?", "AT+CCERTLIST",
            'AT+CCERTDOWN="%s",%d' % (name, pem_size(CA, "CERTIFICATE")),
            'AT+CSSLCFG="sslversion",0,3', 'AT+CSSLCFG="ignorelocaltime",0,0',
            'AT+CSSLCFG="enableSNI",0,1', 'AT+CSSLCFG="cacert",0,"%s"' % name,
            'AT+CSSLCFG="authmode",0,1', "AT+CCHSTOP", "AT+CCHSET=1,1", "AT+CCHSTART",
            "AT+CCHSSLCFG=0,0", 'AT+CCHOPEN=0,"broker",1883,2'])
        self.assertTrue(self.modem.data.startswith(b"-----BEGIN CERTIFICATE-----\n"))

    def test_a_file_that_is_there_is_not_sent_again(self):
        self.answer("AT+CCERTLIST", '+CCERTLIST: "other.pem"|+CCERTLIST: "%s"|OK' % file_name(CA))
        self.modem.commands.clear()
        self.open(tls=Tls())
        self.assertEqual(self.asked("CCERTDOWN"), [])

    def test_half_a_file_is_deleted(self):
        del self.modem.replies["AT+CCERTLIST"]
        upload = 'AT+CCERTDOWN="%s",%d' % (file_name(CA), pem_size(CA, "CERTIFICATE"))
        self.answer(upload, ">")
        error_of(AtTimeout, self.family.open(self.engine, "broker", 1883, Tls()))
        self.assertEqual(self.asked("CCERTDELE"), ['AT+CCERTDELE="%s"' % file_name(CA)])

    def test_what_the_modem_cannot_check_is_refused(self):
        error = error_of(ValueError, self.family.open(self.engine, "broker", 1883, Tls("other")))
        self.assertTrue("not for the name other" in str(error))
        self.answer("AT+CCLK?", '+CCLK: "80/01/06,00:00:00+00"|OK')
        error = error_of(ValueError, self.family.open(self.engine, "broker", 1883, Tls()))
        self.assertTrue("clock is not set" in str(error))

    def test_a_setting_refused_is_named(self):
        self.answer('AT+CSSLCFG="authmode",0,1', "ERROR")
        error = error_of(ValueError, self.family.open(self.engine, "broker", 1883, Tls()))
        self.assertEqual(str(error), 'tls: the modem refuses the setting "authmode"')

    def test_bytes_out(self):
        self.answer("AT+CCHSEND=0,5", ">|OK|+CCHSEND: 0,0")
        self.assertEqual(self.send(b"hello"), 5)
        self.answer("AT+CCHSEND=0,5", ">|OK|+CCHSEND: 0,2")
        error_of(LinkError, self.family.send(self.engine, b"hello"))

    def test_failure_3_bytes_in_with_the_ok_before_or_after_them(self):
        data = b"\r\n+CCHRECV: DATA,0,6\r\nOK\r\n> \r\n"
        end = b"\r\n+CCHRECV: 0,0\r\n"
        for reply in (b"\r\nOK\r\n" + data + end, data + end + b"\r\nOK\r\n"):
            self.answer("AT+CCHRECV=0,64", reply)
            self.assertEqual(self.read(), b"OK\r\n> ")
        self.answer("AT+CCHRECV=0,64", b"\r\nOK\r\n" + end)
        self.assertEqual(self.read(), b"")

    def test_reads_that_go_wrong(self):
        into = memoryview(bytearray(64))
        self.answer("AT+CCHRECV=0,64", "OK|+CCHRECV: 0,4")
        error_of(LinkError, self.family.receive(self.engine, into))
        self.answer("AT+CCHRECV=0,64", "OK|+CCHRECV: DATA,0,5")
        error_of(AtTimeout, self.family.receive(self.engine, into))
        self.answer("AT+CCHRECV=0,64", b"\r\nOK\r\n\r\n+CCHRECV: DATA,0,70\r\n" + bytes(70))
        error_of(AtTimeout, self.family.receive(self.engine, into))

    def test_notices(self):
        self.assertEqual(self.hear("+CCHEVENT: 0,RECV EVENT", "+CCHEVENT: 1,RECV EVENT",
                                   "+CCH_PEER_CLOSED: 0", "+CIPRXGET: 1,0", "+IPCLOSE: 0,1"),
                         [RECEIVED, NOTHING, CLOSED, NOTHING, NOTHING])

    def test_closed_as_what_it_was_opened(self):
        run(self.family.close(self.engine))
        self.assertEqual(self.asked("CLOSE"), ["AT+CCHCLOSE=0"])
        self.open()
        run(self.family.close(self.engine))
        self.assertEqual(self.asked("CLOSE"), ["AT+CCHCLOSE=0", "AT+CIPCLOSE=0"])

    def test_own_certificate_and_key(self):
        tls = Tls()
        tls.certificate = b"mine"
        tls.key = b"secret"
        for der, label in ((b"mine", "CERTIFICATE"), (b"secret", "PRIVATE KEY")):
            self.answer('AT+CCERTDOWN="%s",%d' % (file_name(der), pem_size(der, label)), ">|OK")
        self.open(tls=tls)
        self.assertEqual(len(self.asked('"authmode",0,2')), 1)
        self.assertEqual(len(self.asked('"clientkey",0,"%s"' % file_name(b"secret"))), 1)


if __name__ == "__main__":
    unittest.main()
