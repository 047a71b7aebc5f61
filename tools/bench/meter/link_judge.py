"""What must hold of a run, whatever happened in it."""

from joulegate.core.civil import TIME_MIN
from joulegate.storage.outbox import WINDOW

_UNIX_2020 = 1577836800
_EVENT = 3
_FREEZE = 4
_RECEIPT = 1
_ROWS = 13
_CODE = 0
_WHAT = 12
_FIRST = 15


class Violation(Exception):
    """What does not hold, and by how much."""


def require(right: bool, text: str) -> None:
    if not right:
        raise Violation(text)


class Judge:
    def __init__(self, run: object) -> None:
        self._run = run
        self._credits = 0
        self._log_seen = 0

    # --- while it runs ------------------------------------------------------------------------

    def begin(self) -> None:
        self._credits = self._run.meter.app.state.account.credits

    def power_fails(self) -> None:
        self.look()

    def look(self) -> None:
        """Hold the meter's queues against their bounds; find what the firmware did not expect."""
        meter = self._run.meter
        uplink = meter.uplink
        if uplink is None:
            return
        outbox = uplink.held.outbox
        require(0 <= outbox.held <= WINDOW, "outbox: holds %d" % outbox.held)
        require(uplink.readings.count <= 16, "readings: %d wait" % uplink.readings.count)
        session = meter.link.session
        require(session is None or session.waiting <= 5, "session: %d in flight" % (
            session.waiting if session else 0))
        for _, _, name, _ in meter.app.log.since(0):
            require(name != "software_failed", "the firmware failed: " + meter.link.failure)

    # --- at the end ---------------------------------------------------------------------------

    def settled(self) -> bool:
        self.look()
        return not self.missing()

    def missing(self) -> str:
        """Return what is still to come, empty for nothing."""
        run = self._run
        link = run.meter.link
        if link is None or not link.connected:
            return "no connection: %s" % (link.failure if link else "no power")
        outbox = run.meter.uplink.held.outbox
        missing = []
        waiting = [p.tid for p in run.station.purchases if not p.receipt]
        if waiting:
            missing.append("receipts of %s" % waiting)
        if outbox.held:
            missing.append("acknowledgement of %d to %d" % (outbox.first, outbox.next - 1))
        if run.head_end.last + 1 != outbox.next:
            missing.append("numbers %d to %d" % (run.head_end.last + 1, outbox.next - 1))
        if run.meter.uplink.held._sources.pending:
            missing.append("records that were not put in")
        return ", ".join(missing)

    def end(self) -> None:
        run = self._run
        self._money()
        lost = [n for n in run.head_end.lost if n not in run.head_end.held]
        outbox = run.meter.uplink.held.outbox
        require(len(lost) <= outbox.discarded, "numbers %s are lost, and %d told of" % (
            lost, outbox.discarded))
        strangers = [n for n in run.head_end.held if n >= outbox.next]
        require(not strangers, "numbers %s were never given" % strangers)
        require(not run.head_end.stale, "%d messages changed under their number" % (
            run.head_end.stale))
        self._receipts(lost)
        self._events(len(lost))
        self._freezes(len(lost))

    def _money(self) -> None:
        run = self._run
        account = run.meter.app.state.account
        sold = sum([p.units for p in run.station.purchases])
        got = account.credits - self._credits
        require(got == sold, "%d units were sold and %d are in the account" % (sold, got))
        require(account.balance == account.credits - account.charges, "balance %d: is not %d" % (
            account.balance, account.credits - account.charges))

    def _receipts(self, lost: list) -> None:
        held = self._run.head_end.held
        for number in self._run.meter.receipts:
            if number in held and held[number][_CODE] == _RECEIPT or number in lost:
                continue
            raise Violation("receipt %d has not arrived" % number)

    def _events(self, excused: int) -> None:
        """Each event on the meter's flash has arrived once, in the order of its class."""
        held = self._run.head_end.held
        arrived = {}
        highest = {}
        for number in sorted(held):
            body = held[number]
            if body[_CODE] != _EVENT:
                continue
            group = body[_WHAT]
            for row in body[_ROWS]:
                require(row[0] > highest.get(group, -1), "event %d of class %d comes twice" % (
                    row[0], group))
                highest[group] = row[0]
                arrived[group, row[0]] = row
        absent = 0
        for group, ring in enumerate(self._run.meter.app.records.events.rings):
            for entry in ring.entries():
                row = arrived.get((group, entry["sequence"]))
                if row is None:
                    absent += 1
                    require(absent <= 12 * excused, "event %d of class %d has not arrived" % (
                        entry["sequence"], group))
                    continue
                time = entry["time"]
                expected = [entry["sequence"], time + _UNIX_2020 if time >= TIME_MIN else None,
                            entry["code"], entry["value"]]
                require(row[:4] == expected, "event %s arrived as %s" % (expected, row[:4]))

    def _freezes(self, excused: int) -> None:
        held = self._run.head_end.held
        days = {}
        months = 0
        for number in sorted(held):
            body = held[number]
            if body[_CODE] == _FREEZE and body[_WHAT] == 0:
                require(body[_FIRST] not in days, "day %d comes twice" % body[_FIRST])
                days[body[_FIRST]] = body[_ROWS]
            elif body[_CODE] == _FREEZE:
                months += 1
        freezes = self._run.meter.app.records.freezes
        for entry in freezes.days():
            row = days.get(entry["day"])
            if row is None:
                excused -= 1
                require(excused >= 0, "freeze of day %d has not arrived" % entry["day"])
                continue
            require(row[1] == entry["day"] and row[6] == entry["balance"],
                    "freeze of day %d: balance %d, on the meter %d" % (
                        entry["day"], row[6], entry["balance"]))
        stood = len([1 for _ in freezes.months()])
        require(months >= stood - excused, "%d months arrived of %d" % (months, stood))
