"""Programs that run the firmware on the bench, under MicroPython's unix port."""
