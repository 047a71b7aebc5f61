"""Ciphers of authenticated messages, on what the boards have: AES blocks and SHA-256."""
