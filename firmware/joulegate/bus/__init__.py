"""Local wires: what answers masters on a bus in the house."""
