"""Self test, watchdog and update."""
