"""Messages on a meter: what of `vending` they need, put together, and one way in."""

from joulegate.vending.envelope import Envelope
from joulegate.vending.executor import Executor
from joulegate.vending.key_record import KeyRecord
from joulegate.vending.keys import KeyRing
from joulegate.vending.leased_numbers import LeasedNumbers, Leases
from joulegate.vending.message_result import EXECUTION_FAILURE
from joulegate.vending.messages import Answer, Messages
from joulegate.vending.meter_actions import MeterActions
from joulegate.vending.steps import SUPPLY, finish


class MessageService:
    def __init__(
        self, app: object, vault: object, inbox: object, lockout: object = None
    ) -> None:
        """app: the meter's parts; see MeterActions. vault: of the keys. inbox: a DocumentInbox.
        lockout: that of 20-digit tokens or None.

        Touches no file; `start` does.
        """
        self._app = app
        self.ring = KeyRing(KeyRecord(vault))
        self._actions = MeterActions(app, inbox, lockout)
        self._messages: Messages | None = None
        self._envelope: Envelope | None = None
        self.problem = "messages: not started"
        """Why no message is taken; empty when they are."""

    def start(self) -> None:
        """Read the keys and begin, at a start and after `provision`. Never raises.

        Keys that cannot be had leave the meter without messages; all else goes on.
        """
        app = self._app
        state = app.state
        self._messages = None
        if not state.provisioned:
            self.problem = "messages: the meter is not provisioned"
            return
        try:
            self.ring.load()
        except (OSError, ValueError) as e:
            self.problem = "messages: keys: %s" % (str(e) or repr(e))
            return
        numbers = LeasedNumbers(Leases(state.messages, state.ledger), app.clock.now())
        self._envelope = Envelope(state.meter_id, self.ring, numbers)
        self._messages = Messages(
            state.meter_id, self._envelope, self.ring, Executor(self._actions),
            getattr(app, "uplink", None))
        self.problem = ""

    @property
    def meter_id(self) -> str:
        return self._app.state.meter_id

    def seal(self, body: dict) -> bytes:
        """Return a message of the meter with this body.

        RuntimeError while no message can be made; OSError when no number can be leased;
        CborError for a body that is too long.
        """
        if self.problem:
            raise RuntimeError(self.problem)
        return finish(self._envelope.sealing(body))

    def provision(self, entries: list) -> None:
        """Give a meter that has just been provisioned its keys, a list of KeyEntry.

        KeyRingError, OSError, and it has those it had.
        """
        self.ring.create(entries)
        self.start()

    def accepting(self, message: bytes, carrier: int) -> object:
        """Take a message from a carrier and return its Answer, in steps, see steps.py and
        Messages.accepting; never raises. `receipt` of the answer, if there is one, goes back to
        the sender.
        """
        app = self._app
        if self._messages is None:
            return Answer(EXECUTION_FAILURE, "storage", self.problem)
        answer = yield from self._messages.accepting(message, app.clock.now(), carrier)
        if answer.accepted and answer.instruction.changes_supply:
            yield ""
            app.task.step()
            yield SUPPLY
        return answer
