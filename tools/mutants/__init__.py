"""Plants the faults of tests/mutants one at a time and sees that the named tests catch them."""
