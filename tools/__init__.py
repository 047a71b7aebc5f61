"""Host tools (CPython) that go with the firmware."""
