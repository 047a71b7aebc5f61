"""The profile of the bench: for development, its credit is not authenticated."""

NAME = "development"
