"""Kinds of the power-cut sweep: what comes in by token and message, the lock-out, a new key.

Tokens and messages were made by tools/vend, for the keys below and meter cut_case.METER_ID; a
kind first sees that the meter takes them.
"""

from binascii import unhexlify

from joulegate.vending.carriers import KEYPAD, NETWORK
from meter.cut_acts import credit as purchase
from meter.cut_acts import new_meter, provision, use
from meter.cut_case import FIRST_TID, FIRST_UNITS, TID, UNITS, Case
from meter.cut_judge import must
from meter.lean_meter import LeanMeter

_KEY = "".join(["%02x" % (17 * i) for i in range(16)])
_NEXT_KEY = "".join(["%02x" % (0x70 + i) for i in range(16)])
_ROLES = ("vending", "administrator", "technician", "meter")
_KIDS = ("5631", "4131", "5431", "4d31")
_FIRST = 6932880
"""TID of _CREDITS, at cut_case.NOON; each has the next."""
_CREDITS = (
    "05686083024770348649",
    "70761781810974473068",
    "16594217954475154567",
)
_WRONG = "64673042716566879084"
_SECTIONS = (
    "42893387821430046911",
    "11481843599410833731",
    "40008265586422770364",
    "34290876658954720119",
)
_MESSAGES = (
    "d08343a1010aa20442563106410153d00d93623b4eba85454e3fcf884c0425eb4108",
    "d08343a1010aa204425631064102530d64ec75d95c9d02f0177a68bb2fa1885653c0",
    "d08343a1010aa2044256310641035368562e509387e66bf518de1ea814420d1c2bef",
)
_SETTING = "d08343a1010aa20442413106410158199fa11b887a6f6f4f5f71cb011f291240d84145cdf2f9174faa"


def token_credit(rounds: int) -> object:
    """A credit by 20 digits: the try, journal, ledger, the try taken back."""
    case = _keyed()
    for n in range(rounds):
        digits = _CREDITS[n]
        meter = case.begin()
        entered = meter.app.enter_token(digits, KEYPAD)
        must(entered.accepted and entered.units > 0, "token: " + entered.text)
        meter.power_down()
        case.purchases = dict(case.purchases)
        case.purchases[_FIRST + n] = entered.units

        def act(meter: LeanMeter, digits: str = digits) -> bool:
            entered = meter.app.enter_token(digits, KEYPAD)
            meter.steps()
            return entered.accepted

        case.act = act
        case.check = _believed
        yield case
        case.go_on()


def wrong_token(rounds: int) -> object:
    """A wrong token: it is never judged without its try on flash."""
    case = _keyed()
    judged = []

    def act(meter: LeanMeter) -> None:
        judged.clear()
        judged.append(meter.app.enter_token(_WRONG, KEYPAD).reason == "crc")
        meter.steps()

    def check(meter: LeanMeter) -> None:
        must(not any(judged) or _tries(meter), "a token was judged, and no try is on flash")
        must(_tries(meter) <= tried + 1, "%d tries are on flash" % _tries(meter))

    case.act = act
    case.check = check
    for n in range(rounds):
        tried = n
        yield case
        case.go_on()


def token_key_change(rounds: int) -> object:
    """The last section of a key change: the old key, or the new one, and nothing else."""
    case = _keyed()
    changed = []

    def act(meter: LeanMeter) -> None:
        changed.clear()
        for digits in _SECTIONS:
            entered = meter.app.enter_token(digits, KEYPAD)
        changed.append(entered.accepted and not entered.waiting)
        meter.steps()

    def check(meter: LeanMeter) -> None:
        key = meter.app.entrance.tokens.reader.keys.key
        must(key is not None, "there is no decoder key")
        must(key.bits in (unhexlify(_KEY), unhexlify(_NEXT_KEY)), "neither old nor new key")
        must(not any(changed) or key.bits == unhexlify(_NEXT_KEY), "promised and lost: the key")
        _believed(meter)

    case.act = act
    case.check = check
    yield case


def message_credit(rounds: int) -> object:
    case = _keyed()
    for n in range(rounds):
        case.purchases = dict(case.purchases)
        case.purchases[TID + n] = UNITS
        case.act = lambda meter, n=n: _message(meter, _MESSAGES[n])
        case.check = _ring_believed
        _taken(case, _MESSAGES[n])
        yield case
        case.go_on()


def message_setting(rounds: int) -> object:
    """What is no money: its number used up, the deed, the answer kept."""
    case = _keyed()
    case.act = lambda meter: _message(meter, _SETTING)
    case.check = _ring_believed
    _taken(case, _SETTING)
    yield case


def _keyed() -> Case:
    """Return a case with both kinds of keys."""
    meter = new_meter()
    entrance = meter.app.entrance
    entrance.install_token_key({"key": _KEY})
    entrance.install_message_keys(
        [{"role": role, "kid": _KIDS[i], "key": _ring_key(i)} for i, role in enumerate(_ROLES)],
        False)
    provision(meter)
    use(meter, 100, 10)
    purchase(meter, FIRST_TID, FIRST_UNITS)
    meter.app.metering.commit()
    return Case(meter, {FIRST_TID: FIRST_UNITS})


def _ring_key(number: int) -> str:
    """Return 16 bytes that count on from 0x10, 0x20 and so on."""
    return "".join(["%02x" % (16 * number + 16 + i) for i in range(16)])


def _message(meter: LeanMeter, message: str) -> bool:
    """Bring a message; executed is promised, and so is what the journal has."""
    answer = meter.app.accept_message(unhexlify(message), NETWORK)
    meter.steps()
    return answer.accepted


def _taken(case: Case, message: str) -> None:
    meter = case.begin()
    must(_message(meter, message), "the message is not taken")
    meter.power_down()


def _tries(meter: LeanMeter) -> int:
    return meter.app.entrance.tokens.reader.lockout.wrong[KEYPAD]


def _believed(meter: LeanMeter) -> None:
    """The record of tries can be read: one that cannot stands for many tries."""
    must(_tries(meter) <= 1, "%d tries are on flash" % _tries(meter))


def _ring_believed(meter: LeanMeter) -> None:
    must(meter.app.entrance.messages.problem == "", meter.app.entrance.messages.problem)
