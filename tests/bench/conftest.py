"""The page is served as in tests/ui."""

from tests.ui.conftest import serve

__all__ = ["serve"]
