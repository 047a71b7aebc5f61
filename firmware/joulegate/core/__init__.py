"""Pure rules of the meter: no hardware, no clock, no files, no waiting."""
