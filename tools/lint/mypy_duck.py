"""A mypy plugin for code without `typing`: in a firmware annotation, `object` means Any.

MicroPython has neither Any nor Protocol, so a part that is handed in and used by its methods is
annotated `object`, and its docstring says which methods. All other types are checked as usual.
"""

from collections.abc import Callable

from mypy.plugin import AnalyzeTypeContext, Plugin
from mypy.types import AnyType, Type, TypeOfAny


def _any(context: AnalyzeTypeContext) -> Type:
    return AnyType(TypeOfAny.explicit)


class DuckPlugin(Plugin):
    """Reads `object` in annotations as Any."""

    def get_type_analyze_hook(self, fullname: str) -> Callable[[AnalyzeTypeContext], Type] | None:
        """The hook for `object`, none for other names."""
        return _any if fullname == "builtins.object" else None


def plugin(version: str) -> type[Plugin]:
    """mypy's entry point; `version` is mypy's."""
    return DuckPlugin
