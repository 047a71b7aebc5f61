"""Models of cellular modems that speak AT on a pty; their sockets reach programs on this machine.

Written from data sheets and field reports (docs/modem-models.md lists them), without a look at
the firmware's drivers and without a constant of theirs.
"""
