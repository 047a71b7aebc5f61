"""A head-end's side of messages over LoRaWAN; rules: docs/lorawan.md."""
