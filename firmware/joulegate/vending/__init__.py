"""The way in for credit: one gate, one replay store, whatever the carrier."""
