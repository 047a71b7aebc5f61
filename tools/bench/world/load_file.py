"""Recorded load, as pieces of constant power of a minute or less.

Three layouts, told apart by their header: one-minute means, fifteen-minute sums, and imported
and exported Wh of five minutes. The energy of each row comes out exactly. Time stamps are
local standard time; the bench's clock runs on the same.
"""

from world.calendar import seconds_of

_MINUTE = "time_iso,voltage_V,current_A,active_W,reactive_var,filled"
_QUARTER = "start_iso,active_W_min,active_Wh,reactive_var_min,filled_minutes"
_PROSUMER = "start_iso,import_Wh,export_Wh,mean_import_W,mean_export_W"

VOLTAGE_MAX_CV = 50000
CURRENT_MAX_MA = 200000
POWER_MAX_MW = 50000000

# Where the file has no voltage, it is the meter's nominal one and current follows.
_NOMINAL_CV = 22000


class LoadFileError(ValueError):
    """A load file that cannot be read: names the line and the rule."""


class RangeError(ValueError):
    """A value that no household has."""


class Piece:
    """Constant load: `seconds` long; voltage in 0.01 V, current in mA, power in mW and mvar."""

    def __init__(
        self, seconds: int, voltage_cV: int, current_mA: int, active_mW: int, reactive_mvar: int
    ) -> None:
        self.seconds = seconds
        self.voltage_cV = voltage_cV
        self.current_mA = current_mA
        self.active_mW = active_mW
        self.reactive_mvar = reactive_mvar

    def check(self) -> None:
        """Raise RangeError for what the bench's meter could never see."""
        if (0 <= self.voltage_cV <= VOLTAGE_MAX_CV and 0 <= self.current_mA <= CURRENT_MAX_MA
                and -POWER_MAX_MW <= self.active_mW <= POWER_MAX_MW
                and -POWER_MAX_MW <= self.reactive_mvar <= POWER_MAX_MW):
            return
        for name, value, limit in (
                ("voltage", self.voltage_cV, VOLTAGE_MAX_CV),
                ("current", self.current_mA, CURRENT_MAX_MA),
                ("power", abs(self.active_mW), POWER_MAX_MW),
                ("reactive power", abs(self.reactive_mvar), POWER_MAX_MW)):
            if not 0 <= value <= limit:
                raise RangeError("%s must be at most %d %s" % (
                    name, limit // (100 if name == "voltage" else 1000),
                    {"voltage": "V", "current": "A", "power": "W"}.get(name, "var")))


class LoadFile:
    """Rows of a load file. `start` is the Unix second of the first row, on the file's clock."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = open(path)
        header = self._file.readline().strip()
        layouts = {_MINUTE: (60, self._minute), _QUARTER: (900, self._quarter),
                   _PROSUMER: (300, self._prosumer)}
        if header not in layouts:
            raise LoadFileError("load file %s: header %r: must be that of a known layout" % (
                path, header))
        self.row_seconds, self._read = layouts[header]
        self._fields = header.count(",") + 1
        self._line = 1
        self.rows = 0
        self._hour = ""
        self._hour_second = 0
        self._row = self._next_row()
        if self._row is None:
            raise LoadFileError("load file %s: has no rows" % path)
        self.start = self._second(self._row[0])

    def pieces(self) -> object:
        """Yield the file's load as Piece objects, in order; ends with the file."""
        due = self.start
        while self._row is not None:
            row = self._row
            second = self._second(row[0])
            if second != due:
                raise LoadFileError("load file %s: line %d: %r: rows must follow each other" % (
                    self._path, self._line, row[0]))
            due += self.row_seconds
            self.rows += 1
            yield from self._parse(row)
            self._row = self._next_row()

    def close(self) -> None:
        self._file.close()

    def _parse(self, row: list) -> list:
        rule = "must be numbers"
        try:
            pieces = list(self._read(row))
            for piece in pieces:
                piece.check()
        except ValueError as e:
            rule = str(e) if isinstance(e, RangeError) else rule
            raise LoadFileError("load file %s: line %d: %r: %s" % (
                self._path, self._line, ",".join(row), rule)) from None
        return pieces

    def _next_row(self) -> object:
        line = self._file.readline()
        if not line:
            return None
        self._line += 1
        row = line.strip().split(",")
        if len(row) != self._fields:
            raise LoadFileError("load file %s: line %d: must have %d fields" % (
                self._path, self._line, self._fields))
        return row

    def _second(self, text: str) -> int:
        """Return the Unix second of a row; the hour is worked out once, as it costs the most."""
        try:
            if len(text) != 16 or text[10] != "T":
                raise ValueError
            hour, minute = text[:14], int(text[14:])
            if hour != self._hour:
                self._hour_second = seconds_of(int(text[:4]), int(text[5:7]), int(text[8:10]),
                                               int(text[11:13]), 0, 0)
                self._hour = hour
        except ValueError:
            raise LoadFileError("load file %s: line %d: %r: must be YYYY-MM-DDThh:mm" % (
                self._path, self._line, text)) from None
        return self._hour_second + 60 * minute

    def _minute(self, row: list) -> object:
        voltage, current, active, reactive = row[1:5]
        yield Piece(60, _decimal(voltage, 2), _decimal(current, 3), int(active) * 1000,
                    int(reactive) * 1000)

    def _quarter(self, row: list) -> object:
        """Spread whole watts over the minutes so that their sum is the row's."""
        active, reactive = int(row[1]), int(row[3])
        for i in range(15):
            watts = (i + 1) * active // 15 - i * active // 15
            var = (i + 1) * reactive // 15 - i * reactive // 15
            yield _at_nominal(60, watts, var)

    def _prosumer(self, row: list) -> object:
        """Import in the first half of each minute, export in the second."""
        imported, exported = int(row[1]), int(row[2])
        for _ in range(5):
            yield _at_nominal(30, imported * 24, 0)
            yield _at_nominal(30, -exported * 24, 0)


def _at_nominal(seconds: int, watts: int, var: int) -> Piece:
    apparent = int((watts * watts + var * var) ** 0.5)
    return Piece(seconds, _NOMINAL_CV, apparent * 100000 // _NOMINAL_CV, watts * 1000, var * 1000)


def _decimal(text: str, places: int) -> int:
    """Return a decimal text times a power of ten, exactly."""
    whole, _, fraction = text.partition(".")
    if len(fraction) != places:
        fraction = (fraction + "0" * places)[:places]
    return int(whole) * 10 ** places + int(fraction)
