"""Speed and memory, measured and set beside their targets: `make bench`."""
