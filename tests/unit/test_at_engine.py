"""One AT command at a time: replies, notices, echo, errors, prompts, restarts."""

import unittest

from fake_modem_uart import FakeModem, FakeTiming, error_of, run

from joulegate.link.modem.at_engine import AtEngine
from joulegate.link.modem.at_errors import (
    AtError,
    AtTimeout,
    NoPrompt,
    PoweredDown,
    Restarted,
    refusal,
)
from joulegate.link.modem.registration import is_notice
from joulegate.link.modem.stranger_text import list_texts, read_text


class Case(unittest.TestCase):

    def setUp(self):
        self.timing = FakeTiming()
        self.modem = FakeModem(self.timing)
        self.heard = []
        self.engine = AtEngine(self.modem, self.timing)
        self.engine.notices = ("+QIURC:", "+CEREG", "+CMTI:")
        self.engine.boots = ("RDY", "APP RDY")
        self.engine.on_notice = self.heard.append

    def answer(self, command, reply):
        self.modem.replies[command] = reply

    def ask(self, text, prefix=None, **more):
        return run(self.engine.command(text, prefix, **more))

    def begin(self):
        run(self.engine.begin_session())

    def fails(self, error, coroutine):
        return str(error_of(error, coroutine))


class TestCommands(Case):

    def test_a_reply_with_and_without_the_space(self):
        self.answer("AT+CREG?", "+CREG: 0,1|OK")
        self.assertEqual(self.ask("AT+CREG?", "+CREG:"), "0,1")
        self.answer("AT+CREG?", "+CREG:0,1|OK")
        self.assertEqual(self.ask("AT+CREG?", "+CREG:"), "0,1")

    def test_no_reply_but_the_result(self):
        self.assertEqual(self.ask("AT+CGATT?", "+CGATT:"), None)

    def test_each_line_of_a_reply(self):
        lines = []
        self.answer("AT+X?", "+X: 1|junk|+X: 2|OK")
        self.ask("AT+X?", "+X:", each=lines.append)
        self.assertEqual(lines, ["1", "2"])
        self.assertEqual(self.engine.strays, 1)

    def test_only_a_whole_line_is_a_result(self):
        self.answer("AT+X", "NOT OK|OK TOO|ERRORS|+X: OK|OK")
        self.assertEqual(self.ask("AT+X", "+X:"), "OK")

    def test_numeric_results_until_words_are_asked_for(self):
        self.answer("ATE0", b"0\r")
        self.answer("ATV1", b"0\r")
        self.begin()
        self.answer("AT+X", "0|4|OK")
        self.ask("AT+X")
        self.assertEqual(self.engine.strays, 2)

    def test_a_numeric_error(self):
        self.answer("AT+X", b"4\r")
        self.assertEqual(self.fails(AtError, self.engine.command("AT+X")), "AT+X: ERROR")

    def test_errors_have_a_number_and_a_name(self):
        for reply, text, kind, code in (
                ("ERROR", "AT+X: ERROR", "", -1),
                ("+CME ERROR: 10", "AT+X: CME error 10, no SIM", "CME", 10),
                ("+CME ERROR:14", "AT+X: CME error 14, SIM busy", "CME", 14),
                ("+CMS ERROR: 322", "AT+X: CMS error 322, memory full", "CMS", 322),
                ("+CME ERROR: 9999", "AT+X: CME error 9999", "CME", 9999),
                ("+CME ERROR: SIM busy", "AT+X: SIM busy", "CME", -1),
                ("NO CARRIER", "AT+X: NO CARRIER", "", -1)):
            self.answer("AT+X=\"secret\"", reply)
            error = error_of(AtError, self.engine.command("AT+X=\"secret\""))
            self.assertEqual((str(error), error.kind, error.code), (text, kind, code))

    def test_a_line_that_is_no_error(self):
        for line in ("OK", "ERRORS", "+CME: 1", "+CMX ERROR: 1", "+CMT: ERROR"):
            self.assertEqual(refusal("AT", line), None)

    def test_silence_ends_by_the_deadline_and_is_tried_again(self):
        self.answer("AT+X", [None, None, "OK"])
        self.ask("AT+X", tries=3, timeout_ms=1000)
        self.assertEqual(self.modem.commands.count("AT+X"), 3)
        self.answer("AT+X", None)
        began = self.timing.now
        self.assertEqual(self.fails(AtTimeout, self.engine.command("AT+X", timeout_ms=1000)),
                         "AT+X: no answer in time")
        self.assertTrue(self.timing.now - began < 1200)

    def test_a_late_answer_is_not_taken_for_the_next_ones(self):
        self.answer("AT+X", None)
        self.timing.later(1100, lambda: self.modem.say("+Y: old|OK"))
        self.fails(AtTimeout, self.engine.command("AT+X", timeout_ms=1000))
        self.answer("AT+Y", "+Y: new|OK")
        self.assertEqual(self.ask("AT+Y", "+Y:"), "new")

    def test_commands_are_apart(self):
        times = []

        def note():
            times.append(self.timing.now)
            return "OK"
        self.answer("AT+X", note)
        self.ask("AT+X")
        self.ask("AT+X")
        self.assertTrue(20 <= times[1] - times[0] <= 100)

    def test_a_dead_modem_is_found_out(self):
        self.modem.dead = True
        self.assertEqual(run(self.engine.answers(3)), False)
        self.fails(AtTimeout, self.engine.command("AT+X"))
        self.modem.dead = False
        self.assertEqual(run(self.engine.answers(3)), True)

    def test_a_line_that_takes_no_data(self):
        self.modem.write = lambda data: None
        self.assertEqual(self.fails(AtTimeout, self.engine.command("AT")),
                         "modem: its line takes no data")

    def test_writes_are_small_and_may_be_taken_in_part(self):
        sizes = []
        write = self.modem.write

        def part(data):
            sizes.append(len(data))
            return write(data[:50])
        self.modem.write = part
        self.ask("AT+X=" + "y" * 300)
        self.assertEqual(self.modem.commands, ["AT+X=" + "y" * 300])
        self.assertTrue(max(sizes) <= 128)


class TestNotices(Case):

    def test_failure_1_a_notice_between_command_and_result(self):
        self.answer("AT+CSQ", '+QIURC: "recv",0|+CSQ: 20,99|+CMTI: "SM",3|OK')
        self.assertEqual(self.ask("AT+CSQ", "+CSQ:"), "20,99")
        self.assertEqual(self.heard, ['+QIURC: "recv",0', '+CMTI: "SM",3'])

    def test_a_notice_between_commands(self):
        self.modem.say('+QIURC: "recv",0|OK|nonsense')
        self.engine.pump()
        self.assertEqual(self.heard, ['+QIURC: "recv",0'])
        self.assertEqual(self.engine.strays, 2)

    def test_failure_3_a_result_before_or_after_the_ok(self):
        for reply in ("+QIOPEN: 0,0|OK", "OK|+QIOPEN: 0,0"):
            self.answer("AT+QIOPEN", reply)
            self.assertEqual(self.ask("AT+QIOPEN", "+QIOPEN:", both=True), "0,0")
        self.answer("AT+QIOPEN", "OK")
        self.timing.later(3000, lambda: self.modem.say("+QIOPEN: 0,566"))
        self.assertEqual(self.ask("AT+QIOPEN", "+QIOPEN:", both=True, timeout_ms=5000), "0,566")

    def test_an_answer_and_a_notice_of_one_prefix_are_told_apart(self):
        self.answer("AT+CEREG?", '+CEREG: 2|+CEREG: 5,"1A2B","01",7|+CEREG: 1,1|OK')
        self.assertEqual(self.ask("AT+CEREG?", "+CEREG:", unasked=is_notice), "1,1")
        self.assertEqual(self.heard, ["+CEREG: 2", '+CEREG: 5,"1A2B","01",7'])
        self.assertEqual(self.ask("AT+X"), None)

    def test_a_flood_of_notices_is_bounded(self):
        self.modem.replies["AT+X"] = None
        flood = self.modem.readinto

        def more(buffer):
            if len(self.modem.out) < 1000:
                self.modem.out += b"+QIURC: \"x\"\r\nstray\r\n" * 100
            return flood(buffer)
        self.modem.readinto = more
        self.modem.say("x")
        self.fails(AtTimeout, self.engine.command("AT+X", timeout_ms=500))


class TestSessions(Case):

    def test_echo_is_dropped_until_it_is_off(self):
        self.modem.echo = True
        self.begin()
        self.assertEqual(self.modem.commands, ["ATE0", "ATV1", "AT+CMEE=1"])
        self.assertEqual(self.engine.strays, 0)

    def test_failure_5_an_echo_in_mid_session_is_a_restart(self):
        self.begin()
        self.modem.echo = True
        self.assertEqual(self.fails(Restarted, self.engine.command("AT+CSQ", "+CSQ:")),
                         "modem restarted: the echo is on")

    def test_failure_12_a_boot_string_in_mid_session_is_a_restart(self):
        self.modem.say("RDY")
        self.begin()
        self.modem.say("RDY")
        with self.assertRaises(Restarted):
            self.engine.pump()
        self.begin()
        self.answer("AT+CSQ", "APP RDY|OK")
        self.fails(Restarted, self.engine.command("AT+CSQ"))

    def test_a_modem_that_switches_itself_off(self):
        self.begin()
        self.modem.say("POWERED DOWN")
        with self.assertRaises(PoweredDown):
            self.engine.pump()


class TestData(Case):

    def put(self, data=b"abc", **more):
        return run(self.engine.put("AT+QISEND=0,%d" % len(data), (data,), len(data),
                                   good="SEND OK", bad="SEND FAIL", **more))

    def test_data_after_the_prompt(self):
        self.answer("AT+QISEND=0,3", ">|SEND OK")
        self.assertEqual(self.put(), None)
        self.assertEqual(self.modem.data, b"abc")

    def test_an_ok_before_the_send_ok_is_not_the_end(self):
        self.answer("AT+QISEND=0,3", ">|OK|SEND OK")
        self.assertEqual(self.put(), None)

    def test_no_room_in_the_modem(self):
        self.answer("AT+QISEND=0,3", ">|SEND FAIL")
        self.assertEqual(self.put(), "SEND FAIL")

    def test_refused_before_the_prompt(self):
        self.answer("AT+QISEND=0,3", "ERROR")
        with self.assertRaises(AtError):
            self.put()

    def test_failure_6_a_missing_prompt_ends_in_five_seconds_and_by_escape(self):
        self.answer("AT+QISEND=0,3", None)
        with self.assertRaises(NoPrompt):
            self.put()
        self.assertTrue(5000 <= self.timing.now < 7000)
        self.assertEqual(self.modem.commands[-1], "AT")
        self.assertEqual(self.ask("AT+CSQ"), None)

    def test_failure_6_a_modem_that_waits_for_data_is_given_some(self):
        # It wants its bytes though nobody saw the prompt, and knows no escape.
        self.modem.replies["AT+QISEND=0,200"] = b""
        take = self.modem._take
        wanted = [0]

        def strict(byte):
            if wanted[0]:
                wanted[0] -= 1
                if not wanted[0]:
                    self.modem.say("SEND OK")
                return
            take(byte)
            if self.modem.commands[-1:] == ["AT+QISEND=0,200"] and byte == 13 and not done:
                done.append(1)
                wanted[0] = 200
        done = []
        self.modem._take = strict
        with self.assertRaises(NoPrompt):
            self.put(b"x" * 200)
        self.assertEqual(self.ask("AT+CSQ"), None)

    def test_failure_6_an_ok_in_place_of_the_prompt(self):
        self.answer("AT+QISEND=0,3", "OK")
        with self.assertRaises(NoPrompt):
            self.put()

    def test_failure_7_a_lost_send_ok_leaves_it_unknown(self):
        self.answer("AT+QISEND=0,3", ">")
        with self.assertRaises(AtTimeout):
            self.put(timeout_ms=1000)
        self.assertEqual(self.modem.commands.count("AT+QISEND=0,3"), 1)

    def test_a_payload_read(self):
        into = bytearray(8)
        self.answer("AT+QIRD=0,8", b"\r\n+QIRD: 5\r\nOK\r\n\x00\r\n\r\nOK\r\n")
        count = run(self.engine.get("AT+QIRD=0,8", "+QIRD:", int, memoryview(into)))
        self.assertEqual(bytes(into[:count]), b"OK\r\n\x00")
        self.answer("AT+QIRD=0,8", "+QIRD: 0|OK")
        self.assertEqual(run(self.engine.get("AT+QIRD=0,8", "+QIRD:", int, memoryview(into))), 0)

    def test_failure_2_a_notice_before_a_payload_and_one_within(self):
        into = bytearray(32)
        self.answer("AT+QIRD=0,8", b'\r\n+QIURC: "recv",0\r\n\r\n+QIRD: 22\r\n'
                    b'\r\n+QIURC: "closed",0\r\n\r\n\r\nOK\r\n')
        self.assertEqual(run(self.engine.get("AT+QIRD=0,8", "+QIRD:", int, memoryview(into))), 22)
        self.assertEqual(self.heard, ['+QIURC: "recv",0'])

    def test_more_payload_than_asked_for_is_read_to_its_end_and_refused(self):
        into = bytearray(4)
        self.answer("AT+QIRD=0,4", b"\r\n+QIRD: 11\r\nOK\r\nERROR\r\n\r\nOK\r\n")
        self.assertEqual(
            self.fails(AtTimeout, self.engine.get("AT+QIRD=0,4", "+QIRD:", int,
                                                  memoryview(into))),
            "AT+QIRD: 11 bytes came, at most 4 were asked for")
        self.assertEqual(self.ask("AT"), None)

    def test_a_payload_cut_short(self):
        into = bytearray(8)
        self.answer("AT+QIRD=0,8", b"\r\n+QIRD: 8\r\nabc")
        self.fails(AtTimeout, self.engine.get("AT+QIRD=0,8", "+QIRD:", int, memoryview(into),
                                              1000))


class TestTextOfStrangers(Case):

    def text(self, reply, count):
        self.begin()
        into = bytearray(60)
        self.answer("AT+CMGR=1", reply)
        got, self.more = run(read_text(self.engine, "AT+CMGR=1", "+CMGR:", lambda value: count,
                                       memoryview(into), 5000))
        return bytes(into[:got])

    def test_failure_14_a_text_is_counted(self):
        text = b"OK\r\nERROR\r\nRDY"
        self.assertEqual(
            self.text(b"\r\n+CMGR: x\r\n" + text + b"\r\n\r\nOK\r\n", len(text)), text)
        self.assertEqual(self.ask("AT"), None)

    def test_failure_14_a_text_of_unknown_length_ends_with_the_last_ok(self):
        text = b'OK\r\n+QIURC: "closed",0\r\nRDY'
        for count in (-1, 5000):
            self.assertEqual(
                self.text(b"\r\n+CMGR: x\r\n" + text + b"\r\n\r\nOK\r\n", count).strip(), text)
        self.assertEqual(self.heard, [])

    def test_a_text_shorter_than_it_said(self):
        self.assertEqual(self.text(b"\r\n+CMGR: x\r\nabc\r\n\r\nOK\r\n", 20).strip(), b"abc")

    def test_a_text_longer_than_it_said_does_nothing(self):
        self.assertEqual(self.text(b"\r\n+CMGR: x\r\nabc\r\nRDY\r\n\r\nOK\r\n", 3), b"abc")
        self.assertEqual(self.ask("AT"), None)

    def test_an_endless_text_is_bounded(self):
        read = self.modem.readinto

        def more(buffer):
            self.modem.out += b"spam\r\n"
            return read(buffer)
        self.modem.readinto = more
        self.modem.any = lambda: 1
        with self.assertRaises(AtTimeout):
            self.text(b"\r\n+CMGR: x\r\n", -1)

    def test_a_list_means_nothing_but_its_prefix(self):
        self.begin()
        found = []
        self.answer("AT+CMGL", '+CMGL: 1,"x"|RDY|OK|+CMGL: 2,"y"|+QIURC: "closed",0|ERROR|OK')
        self.assertFalse(
            run(list_texts(self.engine, "AT+CMGL", "+CMGL:", found.append, 5000)))
        self.assertEqual(found, ['1,"x"', '2,"y"'])
        self.assertEqual(self.heard, [])

    def test_a_notice_after_a_list_or_a_text_is_told(self):
        self.answer("AT+CMGL", '+CMGL: 1,"x"|hello|OK|+CMTI: "SM",3')
        self.assertTrue(run(list_texts(self.engine, "AT+CMGL", "+CMGL:", len, 5000)))
        reply = b"\r\n+CMGR: x\r\nabc\r\n\r\nOK\r\n"
        for count in (3, -1):
            for notice in (b"", b'\r\n+CMTI: "SM",3\r\n'):
                self.assertEqual(self.text(reply + notice, count).strip(), b"abc")
                self.assertEqual(self.more, notice != b"")
        self.assertEqual(self.heard, [])

    def test_a_list_may_be_refused(self):
        self.answer("AT+CMGL", "+CMS ERROR: 310")
        self.assertEqual(
            self.fails(AtError, list_texts(self.engine, "AT+CMGL", "+CMGL:", print, 5000)),
            "AT+CMGL: CMS error 310, no SIM")

    def test_a_list_without_an_end(self):
        self.answer("AT+CMGL", "+CMGL: 1")
        self.fails(AtTimeout, list_texts(self.engine, "AT+CMGL", "+CMGL:", len, 2000))


if __name__ == "__main__":
    unittest.main()
