"""The sender's side of the meter's messages: instructions made, receipts opened.

Built on pycose, cbor2 and cryptography, and written from docs/messages.md alone: it shares no
code with the firmware.
"""
