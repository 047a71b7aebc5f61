"""Draws what a display shows, from the state that the bench's models export."""
