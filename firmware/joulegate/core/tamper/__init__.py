"""Anti-theft: a detector a module, each a pure function of what is seen; docs/anti-theft.md."""
