"""All that survives: ledger, registers, purchase journal, tariffs and settings.

Nothing here ever formats storage. Files that are missing or unreadable mean a meter that is
not provisioned; it measures and takes no credit.
"""
