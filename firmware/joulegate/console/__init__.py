"""What a technician types, and the raw REPL that host tools speak."""
