"""Seeded long lives of a meter, judged step by step: `make soak`. See docs/soak.md."""
