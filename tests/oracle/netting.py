"""Netting of export by the month, for the oracle: sums first, prices afterwards.

A month's net import of a period is its import less its export less what was carried into it, or
nothing; what would be below nothing is carried on. No order of energy within the month plays a
part, and no price does.
"""

from fractions import Fraction

Cell = tuple[str, str]  # season id, period id


def net_import(
    imported: dict[Cell, Fraction], exported: dict[Cell, Fraction], carried: dict[str, Fraction]
) -> dict[Cell, Fraction]:
    """Return a month's net import by cell; the month lies in one season."""
    return {
        cell: max(Fraction(0), imported[cell] - exported[cell] - carried.get(cell[1], 0))
        for cell in sorted(set(imported) | set(exported))
    }


def surplus(
    imported: dict[Cell, Fraction], exported: dict[Cell, Fraction], carried: dict[str, Fraction]
) -> dict[str, Fraction]:
    """Return what a month leaves over by period."""
    left = dict(carried)
    for cell in set(imported) | set(exported):
        over = carried.get(cell[1], Fraction(0)) + exported[cell] - imported[cell]
        left[cell[1]] = max(Fraction(0), over)
    return left
