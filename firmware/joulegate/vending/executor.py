"""Carries out an instruction on the meter and turns every end it can have into a result."""

from joulegate.vending.instructions import Instruction
from joulegate.vending.message_result import EXECUTION_FAILURE, EXECUTION_OK, Unsupported


class Executor:
    def __init__(self, meter: object) -> None:
        """meter: has a method of each instruction's name, called with the time, the carrier and
        the fields by their names, and the role where it goes by that; see `meter_actions.py`.
        What it returns goes into the receipt. A method of money returns the gate's receipt.
        Unsupported, ValueError, RuntimeError and OSError say why not, and then nothing has
        changed.
        """
        self._meter = meter

    @property
    def balance(self) -> int:
        """The account's, in credit units."""
        return self._meter.balance

    def execute(self, instruction: Instruction, now: int, carrier: int) -> tuple:
        """Return (status, reason, text, data, balance) of what an instruction came to.

        Never raises. The balance is that after it, also when it is told a second time.
        """
        name = instruction.name
        fields = instruction.fields
        if instruction.goes_by_role:
            fields = dict(fields, role=instruction.role)
        try:
            done = getattr(self._meter, name)(now, carrier, **fields)
        except Unsupported as e:
            return self._failed("unsupported", "%s: %s" % (name, e))
        except OSError as e:
            return self._failed("storage", "%s: storage: %s" % (name, e))
        except (ValueError, RuntimeError) as e:
            return self._failed("refused", "%s: %s" % (name, e))
        except MemoryError:
            return self._failed("refused", "%s: not enough memory" % name)
        if instruction.money:
            return done.code, done.why, done.reason or name, done.data, done.balance
        return EXECUTION_OK, 0, name, done, self.balance

    def _failed(self, reason: str, text: str) -> tuple:
        return EXECUTION_FAILURE, reason, text, None, self.balance
