"""The words a technician types, and the pages they print: tidy lines within 80 columns."""

import json

_HELP = """\
help               this list
status             supply, line, balance, price, heap
registers          energy by quadrant, apparent, power factors
demand [reset]     mean power, its maxima; or begin the maxima anew
green [DAY]        taken and given on a day, by period
energies           water, gas and others counted by pulses, by month
balance            account and this month
tariff             tariff in force and the one to follow
relay              relay commanded, found, and its detector
events [FROM]      events since the start, from a number on
days               the last daily freezes
months             the monthly ones
purchases          the last credits and refusals
log CLASS          the event log on flash: power, supply, credit, ...
token DIGITS       enter a token of 20 digits
test               self test of every part
settings           settings with value, range and unit
set NAME VALUE     change a setting; lists as [1000, 500]
quality            outages, sags and the like, voltage by day
outputs            auxiliary outputs and why they are on
output N on|off MIN override one for so many minutes; output N auto
link               the way to the head-end: state, counters, files
link NAME VALUE    change a setting of the link
calibrate [...]    calibration: how it stands; calibrate help
identity           what this meter is and runs
login              a challenge, then: login KID ANSWER
logout             end the session
reset              commit and start again
"""
_DEVELOPMENT_HELP = """\
credit TID AMOUNT  add credit, unauthenticated
press [long]       press the customer's button
"""
_REPORTS = ("status", "registers", "balance", "tariff", "relay", "settings", "identity",
            "days", "months", "purchases", "link", "demand", "green", "quality", "outputs",
            "energies")


class Commands:
    def __init__(self, app: object, show: object) -> None:
        """show: a function that prints."""
        self._app = app
        self._show = show

    def greet(self) -> None:
        """Print what runs here, and what to be warned of."""
        app = self._app
        self._show("Joulegate on %s, meter %s. Type help." % (
            app.board.NAME, app.state.meter_id or "not provisioned"))
        if app.profile == "development":
            self._show("Development image: credit is not authenticated. Not for a meter in use.")

    def obey(self, line: str) -> None:
        """Carry out one line; a wrong one is told in a line, never by a traceback."""
        words = line.split()
        if not words:
            return
        name = words[0]
        if name.endswith("()"):
            name = name[:-2]
        try:
            self._obey(name, words[1:])
        except (ValueError, RuntimeError, OSError) as e:
            self._show("error: %s" % e)
        except MemoryError:
            self._show("error: not enough memory")

    def _obey(self, name: str, arguments: list) -> None:
        if name == "events" and len(arguments) <= 1:
            since = _number("FROM", arguments[0]) if arguments else 0
            self._page("events", {"since": since})
        elif name in ("log", "green", "demand") and len(arguments) == 1:
            self._page_of(name, arguments[0])
        elif name in ("set", "link") and len(arguments) >= 2:
            (self._set if name == "set" else self._set_link)(
                arguments[0], " ".join(arguments[1:]))
        elif name in ("token", "login", "logout", "output", "calibrate"):
            self._act(name, arguments)
        elif name == "credit" and len(arguments) == 2:
            answer = self._app.requests.answer(
                "credit", {"tid": _number("TID", arguments[0]), "amount": arguments[1]})
            self._show("%s, balance %s" % (
                "accepted" if answer["accepted"] else "refused: " + answer["reason"],
                answer["balance"]))
        elif name == "press" and arguments in ([], ["long"]):
            answer = self._app.requests.answer("press", {"long": bool(arguments)})
            self._show("press: %s" % answer["done"])
        elif arguments:
            raise ValueError("%s: takes other words than %r; type help" % (
                name, " ".join(arguments)))
        elif name in _REPORTS:
            self._page(name, {})
        elif name == "test":
            self._page("self_test", {})
        elif name == "reset":
            self._app.requests.answer("reset", {})
            self._show("the meter starts again after its next tick")
        elif name == "help":
            self._help()
        else:
            raise ValueError("%r: there is no such command, or words are missing; type help"
                             % name)

    def _set(self, name: str, text: str) -> None:
        value = _value(text)
        self._app.requests.answer("set", {"values": {name: value}})
        self._show("%s is %s" % (name, json.dumps(value)))

    def _set_link(self, name: str, text: str) -> None:
        # Only here: a meter without a link has no use for it.
        from joulegate.console import link_requests
        value = link_requests.value(name, text)
        self._app.requests.answer("link_set", {"values": {name: value}})
        self._show(link_requests.shown(name, value))

    def _page_of(self, name: str, word: str) -> None:
        """Show the log of a class, what was taken and given on a day, or demand once reset."""
        if name != "demand":
            self._page(name, {"name" if name == "log" else "day": word})
        elif word == "reset":
            self._app.requests.answer("demand_reset", {})
            self._page(name, {})
        else:
            raise ValueError("demand: takes other words than %r; type help" % word)

    def _act(self, name: str, arguments: list) -> None:
        answer = self._app.requests.answer
        if name == "calibrate":
            # Only here: a meter is calibrated once or twice in its life.
            from joulegate.console import calibration_words
            calibration_words.obey(self._app, arguments, self._show)
        elif name == "token" and arguments:
            self._token("".join(arguments))
        elif name == "output" and len(arguments) in (2, 3):
            self._output(*arguments)
        elif name == "login" and not arguments:
            self._show("challenge " + answer("challenge", {})["challenge"])
        elif name == "login" and len(arguments) == 2:
            answer("login", {"kid": arguments[0], "proof": arguments[1]})
            self._show("logged in")
        elif name == "logout" and not arguments:
            answer("logout", {})
            self._show("logged out")
        else:
            raise ValueError("%s: takes other words; type help" % name)

    def _token(self, digits: str) -> None:
        answer = self._app.requests.answer("token", {"digits": digits})
        if not answer["accepted"]:
            text = answer["text"]
            reason = answer["reason"] + ": "
            self._show("refused: " + (text if text.startswith(reason) else reason + text))
        elif answer["text"]:
            self._show("accepted: %s" % answer["text"])
        else:
            self._show("accepted: %s, balance %s" % (answer["amount"], answer["balance"]))

    def _output(self, number: str, what: str, minutes: str = "") -> None:
        if what not in ("on", "off", "auto") or (what == "auto") == bool(minutes):
            raise ValueError("output: must be N on MINUTES, N off MINUTES or N auto")
        request = {"number": _number("N", number)}
        if minutes:
            request["on"] = what == "on"
            request["minutes"] = _number("MINUTES", minutes)
        self._show_page("outputs", self._app.requests.answer("output", request))

    def _page(self, name: str, arguments: dict) -> None:
        self._show_page(name, self._app.requests.answer(name, arguments))

    def _show_page(self, name: str, report: dict) -> None:
        # Only here: a meter at which nobody types has no use for it.
        from joulegate.console import pages
        for line in pages.lines(name, report):
            self._show(line)

    def _help(self) -> None:
        for text in (_HELP, _DEVELOPMENT_HELP):
            if text is _HELP or self._app.profile == "development":
                for line in text.strip().split("\n"):
                    self._show(line)


def _number(name: str, text: str) -> int:
    if not text or not all("0" <= c <= "9" for c in text) or len(text) > 9:
        raise ValueError("%s %r: must be a whole number of at most 9 digits" % (name, text))
    return int(text)


def _value(text: str) -> object:
    """Return what is typed as a JSON value; what is none is taken as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
