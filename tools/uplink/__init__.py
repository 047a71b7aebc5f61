"""The head-end's side of what a meter sends: messages opened, repeats dropped, gaps found.

Built on pycose and cbor2, and written from docs/uplink.md alone: it shares no code with the
firmware.
"""
