"""The ways in: 20-digit tokens, messages and logins, each loaded only where it has a key.

Ciphers, envelope and decoder take tens of kilobytes of a small heap. A meter without their keys
pays for this module alone. What comes in is told to the event log here, bounded: whoever can
prove nothing writes nothing, and wrong tokens and refusals are logged REPORTS_DAILY times a day.
"""

import os

from micropython import const

from joulegate.core import events as event

REPORTS_DAILY = const(24)
"""Wrong tokens and refused messages that go to the event log in 24 powered hours."""

_PASS_S = const(10)
_DAY_S = const(86400)
_RING = "ring"
_DECODER = "decoder"
# How the names of files and folders with keys begin; see joulegate.vending.vault.
_TRACES = ("decoder.bin", "keys", "sealed", "nvs.")


class Entrance:
    def __init__(self, app: object, folder: str, record: object, inbox: object) -> None:
        """app: the meter's parts. folder: of its storage. record: storage's Record. inbox: a
        function that returns a DocumentInbox.

        Touches no file; `start` does.
        """
        self._app = app
        self._folder = folder
        self._record = record
        self._inbox = inbox
        self._vault: object = None
        self._storage: object = None
        self._storage_problem: str | None = None
        self.tokens: object = None
        """TokenEntry, or None without a decoder key."""
        self.messages: object = None
        """MessageService, or None without keys for messages."""
        self._login: object = None
        self.unproven = 0
        """Messages since the start that nobody proved; they are written down nowhere else."""
        self._under_way: object = None
        self._passed_s = 0
        self._day_s = 0
        self._reports = 0

    @property
    def has_token_key(self) -> bool:
        """Whether a decoder key was ever installed; OSError."""
        return self._has(_DECODER)

    @property
    def has_message_keys(self) -> bool:
        """Whether keys for messages were ever installed; OSError."""
        return self._has(_RING)

    def _has(self, name: str) -> bool:
        self._find_storage()
        if self._storage is None and not any(
                [found.startswith(_TRACES) for found in os.listdir(self._folder)]):
            return False
        from joulegate.vending.vault.choice import in_plain_files
        return in_plain_files(self._folder, name) or self.vault.has(name)

    @property
    def vault(self) -> object:
        """Where the keys lie; OSError. Keys in plain files are moved when it is first asked
        for, if the board has better."""
        if self._vault is None:
            from joulegate.vending.vault.choice import choose
            self._find_storage()
            self._vault = choose(self._folder, self._storage, self._storage_problem)
        return self._vault

    def key_report(self) -> tuple:
        """Return (whether all is well, text): where the keys lie, or what is wrong with them."""
        vault = self._vault
        problem = self._storage_problem
        if not problem and vault is not None:
            problem = vault.problem
        if not problem and self.messages is not None:
            problem = self.messages.problem
        return not problem, problem or (vault.where if vault is not None else "none")

    def _find_storage(self) -> None:
        """Ask the board once for protected storage; one that does not work is reported."""
        if self._storage_problem is not None:
            return
        self._storage_problem = ""
        try:
            self._storage = self._app.board.key_storage()
        except (OSError, RuntimeError) as e:
            self._storage_problem = str(e)
            self._app.log.add(event.STORAGE_ERROR, self._app.clock.now())

    def start(self, now: int) -> None:
        """Read decoder key and lock-out: at a start before the gate recovers. Never raises."""
        self.tokens = None
        try:
            if self._app.state.provisioned and self.has_token_key:
                self.tokens = self._token_entry()
                self.tokens.start(now)
        except (OSError, MemoryError):
            self._app.log.add(event.STORAGE_ERROR, now)

    def start_messages(self, now: int) -> None:
        """Read the keys for messages, once the gate has recovered. Never raises."""
        self._end_message()
        self.messages = None
        login = self._login
        self._login = None
        try:
            if self._app.state.provisioned and self.has_message_keys:
                self.messages = self._service()
                self.messages.start()
                if self.messages.problem:
                    self._app.log.add(event.STORAGE_ERROR, now)
                elif login is not None:
                    login.use(self.messages.ring)
                    self._login = login
        except (OSError, MemoryError):
            self._app.log.add(event.STORAGE_ERROR, now)

    # --- ways in --------------------------------------------------------------------------

    def enter_token(self, digits: str, carrier: int) -> object:
        """Take 20 digits and return a token_entry.Entered; RuntimeError without a key."""
        if self.tokens is None:
            raise RuntimeError("token: the meter has no decoder key")
        now = self._app.clock.now()
        self.pass_time(0)
        entered = self.tokens.enter(digits, carrier, now)
        if entered.reason == "crc":
            self._report(event.TOKEN_WRONG, now, carrier)
        if entered.accepted:
            self._app.task.step()
        return entered

    def begin_message(self, message: bytes, carrier: int) -> object:
        """Begin to take a message; return the Work that comes to its Answer. RuntimeError
        without keys.

        There is one at a time: another carrier's that is under way is brought to its end first,
        so nobody waits for a carrier that does not go on.
        """
        if self.messages is None:
            raise RuntimeError("message: the meter has no keys for messages")
        self._end_message()
        # Only here: a meter without keys for messages has no use for it.
        from joulegate.vending.steps import Work
        self._under_way = Work(self._accepting(message, carrier))
        return self._under_way

    def _end_message(self) -> None:
        """Bring the message that is under way to its end, before keys change or another comes."""
        work = self._under_way
        self._under_way = None
        if work is not None and not work.done:
            try:
                work.finish()
            except Exception:
                pass  # its own carrier is told at its next step

    def _accepting(self, message: bytes, carrier: int) -> object:
        now = self._app.clock.now()
        try:
            answer = yield from self.messages.accepting(message, carrier)
        finally:
            self._under_way = None
        if answer.sender is None:
            self.unproven += 1
        elif answer.fresh and answer.accepted:
            # Money is told by the gate, with its amount.
            if not answer.instruction.money:
                self._app.log.add(event.MESSAGE_ACCEPTED, now, answer.instruction.code)
        elif not answer.accepted:
            # Whoever has overheard a message can send it again and again.
            self._report(event.MESSAGE_REFUSED, now, answer.reason)
        return answer

    # --- logins ---------------------------------------------------------------------------

    def challenge(self) -> bytes:
        """Return what a technician is to answer; RuntimeError without keys, see login."""
        if self._login is None:
            if self.messages is None or self.messages.problem:
                raise RuntimeError("login: the meter has no keys for messages")
            from joulegate.vending.login import Login
            self._login = Login(
                self.messages.ring, self._app.state.meter_id, self._app.clock.uptime)
        return self._login.challenge()

    def log_in(self, kid: bytes, proof: bytes) -> None:
        """Begin a session by the answer to the challenge; RuntimeError if it is not that."""
        now = self._app.clock.now()
        try:
            if self._login is None:
                raise RuntimeError("login: there is no challenge, ask for one")
            self._login.begin(kid, proof)
        except RuntimeError:
            self._report(event.LOGIN_REFUSED, now, 0)
            raise
        self._app.log.add(event.LOGGED_IN, now, self._login.who)

    def log_out(self) -> None:
        """End the session, if there is one."""
        if self._login is not None and self._login.who:
            self._app.log.add(event.LOGGED_OUT, self._app.clock.now(), self._login.who)
            self._login.end()

    @property
    def who(self) -> int:
        """Who is logged in: the first 3 bytes of the key's id as a number; 0 for nobody."""
        return self._login.who if self._login is not None else 0

    def allows(self, request: str) -> bool:
        """Return whether somebody is logged in who may ask this, and log that he does."""
        login = self._login
        if login is None or not login.allows(request):
            return False
        # Pieces of a document change nothing until it is loaded, and are many.
        if request != "upload":
            from joulegate.vending.login import NUMBERS
            self._app.log.add(event.TECHNICIAN_DID, self._app.clock.now(),
                              NUMBERS.index(request) << 24 | login.who)
        return True

    def pass_time(self, least_s: int = _PASS_S) -> None:
        """Tell the lock-out how much powered time has passed, once it is `least_s`."""
        if self.tokens is None:
            return
        up = self._app.clock.uptime()
        passed = up - self._passed_s
        if passed >= least_s and passed:
            self._passed_s = up
            self.tokens.pass_s(passed, self._app.clock.now())

    def _report(self, code: int, now: int, value: int) -> None:
        up = self._app.clock.uptime()
        if up - self._day_s >= _DAY_S:
            self._day_s = up
            self._reports = 0
        if self._reports < REPORTS_DAILY:
            self._reports += 1
            self._app.log.add(code, now, value)

    # --- keys -----------------------------------------------------------------------------

    def install_token_key(self, document: dict) -> None:
        """Put a decoder key in force, in place of one there is; see key_documents.

        ValueError for a bad one, OSError or RuntimeError when it cannot be, and then the one
        there was holds.
        """
        from joulegate.vending.key_documents import decoder_key
        key = decoder_key(document)
        app = self._app
        now = app.clock.now()
        if not app.state.provisioned:
            self._key_store().replace(key)
            app.log.add(event.DECODER_KEY_CHANGED, now, key.krn)
            return
        had = self.tokens
        if had is None:
            self.tokens = self._token_entry()
            self.tokens.start(now)
        try:
            self.tokens.install(key, now)
        except (OSError, RuntimeError):
            self.tokens = had
            raise
        if had is None and self.messages is not None:
            self.start_messages(now)  # they can reset the lock-out that there is now

    def install_message_keys(self, keys: list, factory: bool) -> None:
        """Give the meter its keys for messages; see key_documents.

        factory: they must be changed before anything else is taken. ValueError, OSError, and
        the meter has those it had.
        """
        from joulegate.vending.key_documents import message_keys
        entries = message_keys(keys, factory)
        self._end_message()
        service = self.messages or self._service()
        service.provision(entries)
        self._app.log.add(event.MESSAGE_KEYS_SET, self._app.clock.now(), len(entries))
        if self._app.state.provisioned:
            self.messages = service

    def _token_entry(self) -> object:
        from joulegate.vending import lockout
        from joulegate.vending.token_entry import TokenEntry
        from joulegate.vending.token_reader import TokenReader
        app = self._app
        state = app.state
        tries = lockout.Lockout(self._record(
            self._folder + "/lockout.bin", lockout.MAGIC, lockout.VERSION, lockout.FIELDS))
        self._passed_s = app.clock.uptime()
        return TokenEntry(
            TokenReader(self._key_store(), tries, state.replay), app.gate, state.billing,
            state.replay, state.ledger, app.commissioning, app.log)

    def _key_store(self) -> object:
        from joulegate.vending import sts_keys
        from joulegate.vending.vault.record import VaultRecord
        return sts_keys.KeyStore(VaultRecord(self.vault, _DECODER, self._record(
            "decoder key", sts_keys.MAGIC, sts_keys.VERSION, sts_keys.FIELDS)))

    def _service(self) -> object:
        from joulegate.vending.message_service import MessageService
        return MessageService(
            self._app, self.vault, self._inbox(),
            self.tokens.reader.lockout if self.tokens is not None else None)
