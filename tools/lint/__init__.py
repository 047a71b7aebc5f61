"""The project's own checks, beside ruff and mypy: `python -m tools.lint`."""
