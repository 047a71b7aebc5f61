"""What the meter has to say, and when."""
