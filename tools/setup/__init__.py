"""What `make setup` needs besides pip and npm."""
