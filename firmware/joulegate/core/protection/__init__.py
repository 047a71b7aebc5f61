"""Protection: detectors of what hurts the meter or what hangs on it. Rules: docs/protection.md."""
