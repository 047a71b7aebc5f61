"""One line typed at a terminal: what comes of it, and what the terminal is sent."""

import unittest

from joulegate.console.line_editor import LINE_MAX, LineEditor

UP = b"\x1b[A"
DOWN = b"\x1b[B"


class Case(unittest.TestCase):

    def setUp(self):
        self.sent = bytearray()
        self.editor = LineEditor(self.sent.extend, "> ")
        self.editor.show_prompt()

    def type(self, data):
        """Return the lines that came of it, with a new prompt after each."""
        lines = []
        for byte in data:
            line = self.editor.feed(byte)
            if line is not None:
                lines.append(line)
                self.editor.show_prompt()
        return lines

    def screen(self):
        """Return the last line as a terminal shows it."""
        shown = []
        at = 0
        for byte in bytes(self.sent):
            if byte == 0x0A:
                shown = []
            elif byte == 0x0D:
                at = 0
                continue
            elif byte == 0x08:
                at -= 1
                continue
            else:
                shown[at:at + 1] = [chr(byte)]
                at += 1
                continue
            at = 0
        return "".join(shown)


class Lines(Case):

    def test_each_end_of_line_counts_once(self):
        self.assertEqual(self.type(b"status\rhelp\nrelay\r\nevents\n\n"),
                         ["status", "help", "relay", "events", ""])

    def test_echo(self):
        self.type(b"help")
        self.assertEqual(bytes(self.sent), b"> help")
        self.type(b"\r")
        self.assertEqual(bytes(self.sent), b"> help\r\n> ")

    def test_backspace(self):
        self.assertEqual(self.type(b"\x7fhelx\x7fp\x08\x08\x08\x08\x08relay\r"), ["relay"])

    def test_the_screen_shows_what_is_meant(self):
        self.type(b"helx\x7fp")
        self.assertEqual(self.screen().rstrip(), "> help")

    def test_ctrl_u_and_ctrl_c_clear_the_line(self):
        self.assertEqual(self.type(b"nonsense\x15help\r"), ["help"])
        self.assertEqual(self.type(b"nonsense\x03help\r"), ["help"])

    def test_spaces_around_go(self):
        self.assertEqual(self.type(b"  help  \r"), ["help"])

    def test_other_bytes_are_ignored(self):
        self.assertEqual(self.type(b"he\x00\x07\xfflp\t\r"), ["help"])

    def test_a_line_is_bounded(self):
        self.assertEqual(self.type(b"x" * (LINE_MAX + 50) + b"\r"), ["x" * LINE_MAX])


class Recall(Case):

    def test_up_and_down(self):
        self.type(b"one\rtwo\r")
        self.assertEqual(self.type(UP + b"\r"), ["two"])
        self.assertEqual(self.type(UP + UP + b"\r"), ["one"])
        self.assertEqual(self.type(b"x" + UP + UP + UP + UP + UP + DOWN + b"\r"), ["two"])

    def test_down_to_an_empty_line(self):
        self.type(b"one\r")
        self.assertEqual(self.type(UP + DOWN + DOWN + b"\r"), [""])

    def test_keeps_the_last_eight(self):
        for i in range(12):
            self.type(b"%d\r" % i)
        self.assertEqual(self.type(UP * 20 + b"\r"), ["4"])

    def test_other_escapes_do_nothing(self):
        self.assertEqual(self.type(b"he\x1b[C\x1b[3~\x1b[1;5Dlp\x1bO\r"), ["help"])

    def test_a_line_that_is_forgotten_cannot_be_recalled(self):
        self.type(b"first\rsecret\r")
        self.editor.forget()
        self.assertEqual(self.type(UP + b"\r"), ["first"])
        self.editor.forget()
        self.editor.forget()
        self.assertEqual(self.type(UP + b"\r"), [""])


if __name__ == "__main__":
    unittest.main()
