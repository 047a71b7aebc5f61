"""Messages over LoRaWAN, where there is no other coverage."""
