"""The auxiliary outputs: pins that load control drives, once a second at most, after a tick.

They are off before anything else has run, while mains is failing, and when the firmware stops.
Rules: docs/load-control.md.
"""

from joulegate.core import events as event
from joulegate.core.civil import TIME_MIN
from joulegate.core.load_control import LoadControl
from joulegate.core.sight import Sight


class Outputs:
    def __init__(self, app: object, pins: list) -> None:
        """app: the meter's parts: state, clock, log. pins: of the board, at most 4, high is on."""
        self._app = app
        self._pins = pins
        self.control = LoadControl(len(pins))
        self._up = -1
        # What the price was worked out for.
        self._tariff: object = None
        self._season = self._period = self._tier = -1

    def configure(self, values: object, sight: Sight) -> None:
        """Take the settings; rules of outputs that the board has not do nothing."""
        self.control.configure(
            values["outputs"], values["output_on_s"], values["output_off_s"])
        self.control.remote = values["outputs_remote"]

    def step(self, sight: Sight, tell: object) -> int:
        """Switch what is to be switched; returns no reasons against supply."""
        up = sight.up
        if up == self._up:
            return 0
        self._up = up
        control = self.control
        if not sight.mains_good:
            self.stop()
            return 0
        ended = control.lapse(up)
        control.power = sight.reading.active_W if sight.measured else None
        billing = self._app.state.billing
        if billing is not None:
            control.balance = billing.account.balance
            if (billing.period != self._period or billing.tier != self._tier
                    or billing.season != self._season or billing.tariff is not self._tariff):
                self._price(billing)
        before = control.on
        after = control.step(up)
        if ended or before != after:
            self._switch(before, after, ended, tell)
        return 0

    def _price(self, billing: object) -> None:
        tariff = billing.tariff
        self._tariff = tariff
        self._season = billing.season
        self._period = billing.period
        self._tier = billing.tier
        price = tariff.price(billing.season, billing.period, billing.tier)
        self.control.price = None if price is None else price.amount // tariff.d2
        self.control.period = tariff.document.periods[billing.period]

    def _switch(self, before: int, after: int, ended: int, tell: object) -> None:
        for i, pin in enumerate(self._pins):
            if ended >> i & 1:
                tell(event.OUTPUT_OVERRIDDEN, 10 + i + 1)
            if (before ^ after) >> i & 1:
                on = after >> i & 1
                pin(on)
                tell(event.OUTPUT_SWITCHED, i + 1 if on else -i - 1)

    def override(self, number: int, on: "bool | None", seconds: int = 0) -> None:
        """Have an output, from 1, on or off for so many seconds, or by its rules with None.

        ValueError for what is out of range.
        """
        self.control.override(number - 1, on, seconds, self._app.clock.uptime())
        value = 10 + number if on is None else number if on else -number
        self._app.log.add(event.OUTPUT_OVERRIDDEN, self._app.clock.now(), value)

    def override_until(self, number: int, on: "bool | None", until: "int | None") -> None:
        """The same with a UTC second as the end; ValueError also while nobody knows the time."""
        if (on is None) != (until is None):
            raise ValueError("output %d: must have both `on` and `until`, or neither" % number)
        seconds = 0
        if until is not None:
            now = self._app.clock.now()
            if now < TIME_MIN:
                raise ValueError("output %d: the meter does not know the time" % number)
            seconds = until - now
        self.override(number, on, seconds)

    def stop(self) -> None:
        """Have all off; the least time that they stay so begins now."""
        for pin in self._pins:
            pin(0)
        self.control.all_off(self._app.clock.uptime())
