"""Independent calculators that the tests compare the firmware with."""
