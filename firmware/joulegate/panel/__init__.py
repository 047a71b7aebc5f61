"""What the customer sees and presses."""
