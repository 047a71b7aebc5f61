"""Tortures the meter's link in virtual time, run after run: see docs/link-runs.md."""
