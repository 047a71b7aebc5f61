"""Modbus RTU: the meter as a server on its RS485 port."""
