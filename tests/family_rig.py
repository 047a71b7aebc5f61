"""One family of modems over the engine, without the modem's task: for what differs by family."""

from fake_modem_uart import FakeModem, FakeTiming, run

from joulegate.link.modem.at_engine import AtEngine


class Tls:
    certificate = None
    key = None

    def __init__(self, name="broker", ca=b"a certificate" * 10):
        self.name = name
        self.ca = ca


class FamilyCase:
    """What a TestCase needs beside it."""

    def begin(self, family, replies):
        """A session with a modem that answers so; `told` gets what its notices mean."""
        self.timing = FakeTiming()
        self.modem = FakeModem(self.timing, replies)
        self.engine = AtEngine(self.modem, self.timing)
        self.told = []
        self.use(family)
        run(self.engine.begin_session())
        self.modem.commands.clear()

    def use(self, family):
        """Let another family speak to the same modem."""
        self.family = family
        engine = self.engine
        engine.boots = family.boots
        engine.notices = family.notices + family.registrations
        engine.on_notice = lambda line: self.told.append(family.notice(line))
        engine.reader.use_line_max(family.line_max)

    def answer(self, command, reply):
        self.modem.replies[command] = reply

    def open(self, host="broker", tls=None):
        run(self.family.open(self.engine, host, 1883, tls))

    def up(self, **settings):
        settings["apn"] = "meters"
        run(self.family.context_up(self.engine, settings))

    def send(self, data):
        return run(self.family.send(self.engine, data))

    def read(self, size=64):
        """Return what one read gives."""
        into = memoryview(bytearray(size))
        count = run(self.family.receive(self.engine, into))
        return bytes(into[:count])

    def hear(self, *lines):
        """Return what lines that come unasked tell."""
        self.told = []
        for line in lines:
            self.modem.say(line)
        while self.engine.reader.waiting:
            self.engine.pump()
        return self.told

    def asked(self, text):
        """Return the commands that hold a text."""
        return [command for command in self.modem.commands if text in command]
