"""Circles in a graph of imports."""

from collections.abc import Mapping


def find_cycles(graph: Mapping[str, Mapping[str, int]]) -> list[list[str]]:
    """Give circles of `graph` (node -> its successors), each as a path that ends where it began.

    Not every circle is given, but at least one as long as there is any: depth-first, one for
    each edge back to a node still on the path.
    """
    cycles: list[list[str]] = []
    done: set[str] = set()
    path: list[str] = []

    def visit(node: str) -> None:
        path.append(node)
        for successor in graph.get(node, {}):
            if successor in path:
                cycles.append([*path[path.index(successor) :], successor])
            elif successor not in done:
                visit(successor)
        path.pop()
        done.add(node)

    for node in graph:
        if node not in done:
            visit(node)
    return cycles
