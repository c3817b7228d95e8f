"""The app around an engine, as the tests of the page have it."""

from tests.ui.conftest import serve

__all__ = ["serve"]
