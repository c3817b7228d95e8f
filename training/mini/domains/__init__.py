"""The kinds of problems of the miniature, its "sources": one module each, listed here in the order of tables and charts."""

from importlib import import_module

from training.mini.domains.base import Domain

NAMES = (
    *("letters", "items", "addition", "subtraction", "products", "mixed", "equations", "stories"),
    *("decimals", "sorting", "sequences", "weekdays", "powers", "gcd", "binary", "units"),
)
DOMAINS: dict[str, Domain] = {name: import_module(f"{__name__}.{name}").DOMAIN for name in NAMES}
