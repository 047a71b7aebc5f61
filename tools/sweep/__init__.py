"""The power-cut sweep: power cut, or an exception raised, at every step of every write."""
