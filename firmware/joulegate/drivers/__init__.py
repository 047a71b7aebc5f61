"""Chips and parts, one a file, named as the part. Constructors take ready Pin and bus objects."""
