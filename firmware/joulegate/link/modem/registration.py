"""The SIM, the network, and how strong it is.

A PIN that the SIM has refused, or left without an answer, is not given again: three wrong ones
lock the SIM. Source: 3GPP TS 27.007 sections 7.2, 8.3, 8.5, 10.1.22; the modem sheet,
sections 2 and 10 (failures 11, 16).
"""

from micropython import const

from joulegate.link.errors import LinkError
from joulegate.link.modem.at_errors import AtError
from joulegate.link.modem.family import attempt, numbers, quoted
from joulegate.link.modem.timing import Deadline

HOME = const(1)
DENIED = const(3)
UNKNOWN = const(4)
ROAMING = const(5)

SIM_MS = const(20000)
REGISTER_MS = const(180000)
_ASK_MS = const(2000)
_RADIO_MS = const(15000)
_SIM_BUSY = (10, 13, 14, 515)
_STATES = ("not searching", "home", "searching", "denied", "unknown", "roaming", "SMS only",
           "SMS only, roaming", "emergency only", "home, CSFB not preferred",
           "roaming, CSFB not preferred", "emergency only")


class SettingsError(LinkError):
    """What only somebody can mend who changes a setting or the SIM."""


class Registration:
    """What the network last said of this modem."""

    def __init__(self, timing: object, notes: object) -> None:
        """notes: get(name) -> int, 0 when there is none, and put(name, int), which lasts; OSError.

        The note "pin_refused" is 1 once a SIM has refused the PIN; whoever sets another PIN
        clears it.
        """
        self._timing = timing
        self._notes = notes
        self._pin_unsure = False
        self._apn_set = ""
        self.state = UNKNOWN
        self.rssi: int | None = None
        """Signal in dBm, None while it is not known."""

    @property
    def allowed(self) -> bool:
        """Whether the network lets data through: at home or roaming, and in no other state."""
        return self.state in (HOME, ROAMING)

    @property
    def text(self) -> str:
        return _STATES[self.state] if self.state < len(_STATES) else "state %d" % self.state

    # --- the SIM --------------------------------------------------------------------------

    async def unlock(self, engine: object, pin: str) -> None:
        """Wait for the SIM, and give it the PIN if it wants one; LinkError."""
        deadline = Deadline(self._timing, SIM_MS)
        while True:
            try:
                state = await engine.command("AT+CPIN?", "+CPIN:", 5000)
                if state == "READY":
                    return
                if state is not None:
                    break
            except AtError as e:
                # Some seconds after a start a good SIM is still not there.
                if deadline.over or not (e.code < 0 or e.code in _SIM_BUSY):
                    raise
            if deadline.over:
                raise LinkError("SIM: it said nothing in %d s" % (SIM_MS // 1000))
            await self._timing.sleep_ms(_ASK_MS)
        if state != "SIM PIN":
            raise SettingsError("SIM: it wants %s, which this meter does not give" % state)
        await self._try_pin(engine, pin)

    async def _try_pin(self, engine: object, pin: str) -> None:
        if not pin:
            raise SettingsError("SIM: it wants a PIN and none is set")
        if not (4 <= len(pin) <= 8 and pin.isdigit()):
            raise SettingsError("SIM PIN: must be 4 to 8 digits")
        if self._notes.get("pin_refused"):
            raise SettingsError("SIM: it has refused the PIN before; set another one")
        if self._pin_unsure:
            raise SettingsError("SIM: it did not say whether it took the PIN, which is not given "
                                "again before the next start")
        self._pin_unsure = True
        try:
            await engine.command('AT+CPIN="%s"' % pin, timeout_ms=10000)
        except AtError as e:
            if e.code in _SIM_BUSY:
                self._pin_unsure = False
                raise
            self._notes.put("pin_refused", 1)
            raise SettingsError("SIM: it refused the PIN; set another one")
        # Every reset of the modem asks for it again, and one that was right costs no try.
        self._pin_unsure = False

    # --- the network ----------------------------------------------------------------------

    async def use_apn(self, engine: object, family: object, apn: str) -> None:
        """Set the APN where it is not set already: writing it costs the radio a restart."""
        if not apn:
            return  # the network's own choice
        ask, give = family.apn
        quoted("APN", apn, 63)
        prefix = ask[2:-1] + ":"
        found = []
        try:
            await engine.command(ask, prefix, tries=3, each=lambda value: found.append(
                numbers(value)))
        except AtError:
            pass  # not every build can be asked
        for fields in found:
            # The BC660K's has no number of the context before it.
            if fields[:3] in ([1, "IP", apn], [1, "IPV4V6", apn]) or fields[:2] == ["IP", apn]:
                return
        if self._apn_set != apn:
            # Once: a modem that shows it otherwise than it was set would have it set for ever.
            self._apn_set = apn
            await self.restart_radio(engine, give % apn)

    async def restart_radio(self, engine: object, between: str = "", off_ms: int = 1000) -> None:
        """Radio off and on again, with a command in between; LinkError."""
        self.state = UNKNOWN
        await engine.command("AT+CFUN=0", timeout_ms=_RADIO_MS)
        await self._timing.sleep_ms(off_ms)
        try:
            if between:
                await engine.command(between)
        finally:
            await engine.command("AT+CFUN=1", timeout_ms=_RADIO_MS)

    async def register(self, engine: object, family: object) -> None:
        """Wait until the network allows data; LinkError after three minutes, or when denied."""
        for prefix in family.registrations:
            await attempt(engine, "AT%s=1" % prefix)
        deadline = Deadline(self._timing, REGISTER_MS)
        denied = 0
        while not await self.check(engine, family):
            denied = denied + 1 if self.state == DENIED else 0
            if denied > 15 or deadline.over:
                raise LinkError("network: not registered, " + self.text)
            await self._timing.sleep_ms(_ASK_MS)

    async def check(self, engine: object, family: object) -> bool:
        """Ask for the registration; return whether data is allowed. LinkError."""
        best = UNKNOWN
        for prefix in family.registrations:
            try:
                value = await engine.command("AT%s?" % prefix, prefix + ":", tries=2,
                                             unasked=is_notice)
            except AtError:
                continue
            state = state_of(value, True)
            if state in (HOME, ROAMING):
                best = state
                break
            if state is not None and best == UNKNOWN:
                best = state
        self.state = best
        return self.allowed

    def heard(self, line: str) -> None:
        """Take a notice of registration."""
        state = state_of(line.partition(":")[2], False)
        if state is not None:
            self.state = state

    async def measure(self, engine: object) -> None:
        """Ask for the signal; LinkError."""
        self.rssi = signal_dBm(await engine.command("AT+CSQ", "+CSQ:", tries=2))


def is_notice(line: str) -> bool:
    """Return whether a +CEREG line is no answer: its second field is missing or in quotes."""
    second = line.partition(":")[2].partition(",")[2]
    return not second or second.strip()[:1] == '"'


def state_of(value: "str | None", asked: bool) -> "int | None":
    """Return the state in what followed +CEREG, +CGREG or +CREG, or None without one."""
    fields = numbers(value or "")
    place = 1 if asked else 0
    if len(fields) <= place or not isinstance(fields[place], int):
        return None
    return fields[place] if fields[place] >= 0 else None


def signal_dBm(value: "str | None") -> "int | None":
    """Return the signal in what followed +CSQ, or None: from -113 to -51."""
    fields = numbers(value or "")
    if isinstance(fields[0], int) and 0 <= fields[0] <= 31:
        return 2 * fields[0] - 113
    return None
