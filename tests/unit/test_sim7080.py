"""SIMCom's CA sockets: data in the line that has their number, and TLS by files."""

import unittest

from fake_modem_uart import error_of, run
from family_rig import FamilyCase, Tls

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_errors import AtError, AtTimeout
from joulegate.link.modem.certificates import file_name, pem_size
from joulegate.link.modem.family import CLOSED, CONTEXT_LOST, NOTHING, RECEIVED
from joulegate.link.modem.sim7080_ca import Sim7080

OPEN = 'AT+CAOPEN=0,0,"TCP","broker",1883'
CA = Tls().ca
CA_NAME = file_name(CA)
CA_SIZE = pem_size(CA, "CERTIFICATE")
WRITE = 'AT+CFSWFILE=3,"%s",0,%d,10000' % (CA_NAME, CA_SIZE)
DOWN = '+CNACT: 0,0,"0.0.0.0"|+CNACT: 1,0,"0.0.0.0"|OK'
ACTIVE = '+CNACT: 0,1,"10.0.0.2"|+CNACT: 1,0,"0.0.0.0"|OK'
UP = {
    "AT+CNACT?": [DOWN, ACTIVE], "AT+CNACT=0,1": "OK|+APP PDP: 0,ACTIVE",
    OPEN: "+CAOPEN: 0,0|OK", "AT+CCLK?": '+CCLK: "26/03/04,05:06:07+12"|OK',
    'AT+CFSGFIS=3,"%s"' % CA_NAME: "ERROR",
}


class Case(FamilyCase, unittest.TestCase):

    def setUp(self):
        replies = dict(UP)
        replies["AT+CNACT?"] = list(UP["AT+CNACT?"])
        self.begin(Sim7080(), replies)
        self.answer(WRITE, self.download)

    def download(self):
        self.modem._wanted = CA_SIZE
        self.modem._after = "OK"
        return "DOWNLOAD"

    def fails_up(self):
        return str(error_of(LinkError, self.family.context_up(self.engine, {"apn": "x"})))


class TestContext(Case):

    def test_from_nothing_to_an_address(self):
        self.up(apn_user="meter", apn_password="secret")
        self.assertEqual(self.modem.commands, [
            "AT+CNACT?", 'AT+CNCFG=0,1,"meters","meter","secret",1', "AT+CNACT=0,1", "AT+CNACT?"])

    def test_failure_3_active_before_the_ok(self):
        self.answer("AT+CNACT=0,1", "+APP PDP: 0,ACTIVE|OK")
        self.up()
        self.assertEqual(len(self.asked('AT+CNCFG=0,1,"meters"')), 1)

    def test_one_that_is_up_may_have_a_socket_of_before(self):
        self.answer("AT+CNACT?", ACTIVE)
        self.up()
        self.assertEqual(self.modem.commands, ["AT+CNACT?", "AT+CACLOSE=0"])

    def test_no_context(self):
        self.answer("AT+CNACT=0,1", "OK|+APP PDP: 0,DEACTIVE")
        self.assertEqual(self.fails_up(), "AT+CNACT: the network gave no address")
        self.answer("AT+CNACT=0,1", "OK|+APP PDP: 0,ACTIVE")
        self.answer("AT+CNACT?", '+CNACT: 0,1,"0.0.0.0"|OK')
        self.assertEqual(self.fails_up(), "AT+CNACT: the network gave no address")

    def test_notices(self):
        self.assertEqual(
            self.hear("+CADATAIND: 0", "+CADATAIND: 1", "+CASTATE: 0,0", "+CASTATE: 0,1",
                      "+APP PDP: 0,DEACTIVE", "+APP PDP: 0,ACTIVE", "+APP PDP: 1,DEACTIVE",
                      "SMS Ready"),
            [RECEIVED, NOTHING, CLOSED, NOTHING, CONTEXT_LOST, NOTHING, NOTHING, NOTHING])


class TestSocket(Case):

    def test_without_tls_it_says_so(self):
        self.open()
        self.assertEqual(self.modem.commands, ["AT+CACID=0", 'AT+CASSLCFG=0,"ssl",0', OPEN])
        self.answer('AT+CASSLCFG=0,"ssl",0', "ERROR")
        error_of(LinkError, self.family.open(self.engine, "broker", 1883, None))

    def test_failure_3_the_outcome_after_the_ok(self):
        self.answer(OPEN, "OK|+CAOPEN: 0,0")
        self.open()

    def test_errors_are_named(self):
        for reply, text in (("+CAOPEN: 0,20|OK", "error 20, name not found"),
                            ("+CAOPEN: 0,23|OK", "error 23, connection refused"),
                            ("+CAOPEN: 0,25|OK", "error 25, certificate wrong"),
                            ("+CAOPEN: 0|OK", "error 0, not named")):
            self.answer(OPEN, reply)
            error = error_of(LinkError, self.family.open(self.engine, "broker", 1883, None))
            self.assertEqual(str(error), "open broker:1883: " + text)

    def test_bytes_out(self):
        self.answer("AT+CASEND=0,5", ">|OK")
        self.assertEqual(self.send(b"hello"), 5)
        self.answer("AT+CASEND=0,5", ">|ERROR")
        error_of(AtError, self.family.send(self.engine, b"hello"))

    def test_bytes_in_with_their_number_or_with_the_socket_too(self):
        data = b"OK\r\n,\r\n+CASTATE: 0,0\r\n"
        for head in (b"+CARECV: 22,", b"+CARECV:22,", b"+CARECV: 0,22,", b"+CARECV:0,22,"):
            self.answer("AT+CARECV=0,64", b"\r\n" + head + data + b"\r\n\r\nOK\r\n")
            self.assertEqual(self.read(), data)
            self.assertEqual(self.told, [])

    def test_nothing_to_read_in_every_spelling(self):
        for reply in ("+CARECV: 0|OK", "+CARECV: 0,|OK", "+CARECV: 0,0|OK", "OK"):
            self.answer("AT+CARECV=0,64", reply)
            self.assertEqual(self.read(), b"")

    def test_failure_4_lines_that_come_in_pieces(self):
        self.modem.chop = 1
        self.answer("AT+CARECV=0,64", b"\r\n+CADATAIND: 0\r\n\r\n+CARECV: 0,3,abc\r\n\r\nOK\r\n")
        self.assertEqual(self.read(), b"abc")
        self.assertEqual(self.told, [RECEIVED])

    def test_reads_that_go_wrong(self):
        into = memoryview(bytearray(4))
        for reply in (b"\r\n+CARECV: 5,abcde\r\nOK\r\n", b"\r\n+CARECV: 3,ab", None):
            self.answer("AT+CARECV=0,4", reply)
            error_of(AtTimeout, self.family.receive(self.engine, into))
        self.answer("AT+CARECV=0,4", "ERROR")
        error_of(AtError, self.family.receive(self.engine, into))
        # The lines of what follows are whole again.
        self.answer("AT+X", "+CARECV: 1,2|OK")
        self.assertEqual(run(self.engine.command("AT+X", "+CARECV:")), "1,2")

    def test_failure_10_whether_it_is_open_can_be_asked(self):
        for reply, open_now in (("+CASTATE: 0,1|OK", True), ("+CASTATE: 0,0|OK", False),
                                ("+CASTATE: 1,1|OK", False), ("OK", False)):
            self.answer("AT+CASTATE?", reply)
            self.assertEqual(run(self.family.connected(self.engine)), open_now)

    def test_closing_what_is_closed(self):
        self.answer("AT+CACLOSE=0", "ERROR")
        run(self.family.close(self.engine))


class TestTls(Case):

    def test_file_and_settings_before_the_socket(self):
        self.open(tls=Tls())
        self.assertEqual(self.modem.commands, [
            "AT+CACID=0", "AT+CCLK?", "AT+CFSINIT", 'AT+CFSGFIS=3,"%s"' % CA_NAME, WRITE,
            "AT+CFSTERM", 'AT+CSSLCFG="sslversion",0,3', 'AT+CSSLCFG="ignorertctime",0,0',
            'AT+CSSLCFG="sni",0,"broker"', 'AT+CSSLCFG="convert",2,"%s"' % CA_NAME,
            'AT+CASSLCFG=0,"cacert","%s"' % CA_NAME, 'AT+CASSLCFG=0,"crindex",0',
            'AT+CASSLCFG=0,"ssl",1', OPEN])
        self.assertEqual(len(self.modem.data), CA_SIZE)

    def test_a_whole_file_is_not_sent_again_and_half_a_file_is(self):
        for size, uploads in ((CA_SIZE, 0), (CA_SIZE - 1, 1)):
            self.modem.commands.clear()
            self.answer('AT+CFSGFIS=3,"%s"' % CA_NAME, "+CFSGFIS: %d|OK" % size)
            self.open(tls=Tls())
            self.assertEqual(len(self.asked("CFSWFILE")), uploads)

    def test_what_the_modem_cannot_check_is_refused(self):
        error_of(ValueError, self.family.open(self.engine, "broker", 1883, Tls("other")))
        self.answer("AT+CCLK?", "ERROR")
        error_of(AtError, self.family.open(self.engine, "broker", 1883, Tls()))
        self.answer("AT+CCLK?", '+CCLK: "80/01/06,00:00:00+00"|OK')
        error_of(ValueError, self.family.open(self.engine, "broker", 1883, Tls()))
        self.assertEqual(self.asked("CAOPEN"), [])

    def test_a_setting_refused_is_named(self):
        self.answer('AT+CSSLCFG="ignorertctime",0,0', "ERROR")
        error = error_of(ValueError, self.family.open(self.engine, "broker", 1883, Tls()))
        self.assertEqual(str(error), "tls: the modem refuses the setting ignorertctime")

    def test_own_certificate_and_key(self):
        tls = Tls()
        tls.certificate = b"mine"
        tls.key = b"secret"
        own, key = file_name(b"mine"), file_name(b"secret")
        for name, size in ((own, pem_size(b"mine", "CERTIFICATE")),
                           (key, pem_size(b"secret", "PRIVATE KEY"))):
            self.answer('AT+CFSGFIS=3,"%s"' % name, "+CFSGFIS: %d|OK" % size)
        self.open(tls=tls)
        self.assertEqual(len(self.asked('"convert",1,"%s","%s"' % (own, key))), 1)
        self.assertEqual(len(self.asked('AT+CASSLCFG=0,"cert","%s"' % own)), 1)


if __name__ == "__main__":
    unittest.main()
