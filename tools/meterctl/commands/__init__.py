"""The commands, a module for each kind of work; `add` puts them into the application."""
