"""Commissioning: what a technician does to a meter, each all or nothing.

Errors are ValueError for what is asked wrongly, RuntimeError for what the meter's state does
not allow, and OSError for storage that fails.
"""

from joulegate.core import events as event
from joulegate.core.meter_id import pack_meter_id
from joulegate.core.supply_reasons import TAMPER, VENDING
from joulegate.core.tariff import Tariff


class Commissioning:
    def __init__(self, app: object) -> None:
        self._app = app

    def set_clock(self, second: int) -> None:
        """Set the clock to a UTC second. The billing's high-water marks see to the rest."""
        self._app.clock.set(second)

    def provision(
        self, meter_id: str, document: bytes, unit_places: int, second: "int | None",
        settings: dict, calibration: "dict | None" = None,
    ) -> None:
        """Make this a meter: its number, clock, tariff, settings and calibration constants.

        second: UTC, None to leave the clock alone. calibration: constants by their names in the
        board's Calibration, None to keep what is stored or nominal. Everything is checked before
        anything is changed.
        """
        app = self._app
        if app.state.ledger.exists():
            raise RuntimeError("meter: is provisioned already")
        if second is None and not app.clock.valid:
            raise RuntimeError("clock: has no time, it must be set with the provisioning")
        pack_meter_id(meter_id)
        self._check_energies(app.state.settings.changed(**settings), unit_places)
        counts = self._counts(calibration)
        app.state.tariffs.check(document, counts, unit_places)
        if second is not None:
            self.set_clock(second)
        if calibration is not None:
            self._calibrate(calibration)
        app.provision(meter_id, document, unit_places, **settings)
        app.log.add(event.PROVISIONED, app.clock.now())

    def _counts(self, calibration: "dict | None") -> int:
        """Return the counts per kWh that constants give; ValueError for bad ones."""
        if calibration is None:
            return self._app.state.counts_per_kWh
        try:
            return self._app.board.calibration(**calibration).counts_per_kWh
        except TypeError as e:
            raise ValueError("calibration: %s" % e) from None

    def _calibrate(self, calibration: dict) -> None:
        app = self._app
        app.calibration_store.save(calibration)
        app.build()
        app.start_ic()

    def change_settings(self, changes: dict) -> None:
        """Store settings; they hold from now on, the time zone from the next start."""
        app = self._app
        settings = app.state.settings
        state = app.state
        if changes.get("energies"):
            self._check_energies(
                settings.changed(**changes),
                state.billing.tariff.unit_places if state.provisioned else 0)
        settings.set(**changes)
        values = settings.values
        app.metering.configure(values)
        if app.records is not None:
            app.records.configure(values)
        app.configure()
        account = app.state.account
        if account is not None:
            app.state.configure_demand(app.state.billing, app.clock.now())
            account.maximum = values["maximum_balance"]
            app.state.supply.levels.arm(account.balance)
            if "energies" in changes:
                app.metering.commit()
        app.log.add(event.SETTINGS_CHANGED, app.clock.now())

    def _check_energies(self, values: dict, unit_places: int) -> None:
        """Raise EnergyError unless this meter can count and charge the energies of settings."""
        if values["energies"]:
            # Only here: few meters count any, and a module takes memory.
            from joulegate.core.energy_setting import check_for, parse
            check_for(parse(values["energies"]), unit_places, len(self._app.board.pulse_inputs()))

    def clear_tamper(self) -> None:
        """Lift the tamper reason of the supply, at the word of a token.

        It is committed with the token's number.
        """
        self._app.state.supply.lift_for(VENDING, TAMPER)

    def check_tariff(self, document: bytes, unit_places: "int | None" = None) -> Tariff:
        """Return the tariff of a document that this meter would take.

        unit_places: decimals of the credit unit; needed while the meter has no account.
        """
        state = self._app.state
        if unit_places is None:
            if not state.provisioned:
                raise ValueError("unit_places: must be given, the meter has no account yet")
            unit_places = state.billing.tariff.unit_places
        return state.tariffs.check(document, state.counts_per_kWh, unit_places)

    def load_tariff(self, document: bytes, start: int) -> Tariff:
        """Store a tariff that takes over at a UTC second."""
        app = self._app
        if not app.state.provisioned:
            raise RuntimeError("meter: is not provisioned, the tariff is part of that")
        tariff = app.state.load_tariff(document, start)
        app.log.add(event.TARIFF_LOADED, app.clock.now())
        return tariff

    def settle_days(self) -> int:
        """Settle 62 of the days that wait for somebody's word; return how many still do."""
        app = self._app
        if not app.state.provisioned:
            raise RuntimeError("meter: is not provisioned, no days wait")
        left = app.state.billing.settle(app.clock.now())
        app.metering.commit()
        return left

    def restart(self) -> None:
        """Have the meter commit and reset after its next tick, so that the answer gets out."""
        self._app.task.reset_wanted = True
