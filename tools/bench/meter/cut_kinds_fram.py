"""Kinds of the power-cut sweep with the ledger in FRAM: every byte of it, and the flash beside."""

from meter import cut_kinds_account as account
from meter.cut_acts import start, stored
from world.fram import FramModel

_FRAM_WH = 10
"""What may pass between two commits where the ledger stands in FRAM, see docs/flash-life.md."""


def _chip() -> FramModel:
    return FramModel(fill=0xFF)


def fram_provisioning(rounds: int) -> object:
    return account.provisioning(rounds, _chip())


def fram_energy_commit(rounds: int) -> object:
    return account.energy_commit(rounds, _chip())


def fram_energy_loss(rounds: int) -> object:
    return account.energy_loss(rounds, _chip(), _FRAM_WH)


def fram_purchase(rounds: int) -> object:
    return account.purchase(rounds, _chip())


def fram_day_roll(rounds: int) -> object:
    return account.day_roll(rounds, _chip())


def fram_moving_in(rounds: int) -> object:
    """The first start with FRAM of a meter whose ledger stands in files."""
    case = stored()
    case.memory = _chip()
    case.cold = True
    case.act = start
    yield case
