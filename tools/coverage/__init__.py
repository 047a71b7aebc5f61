"""Line coverage of the firmware under MicroPython, which has no sys.settrace."""
