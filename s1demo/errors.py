"""Errors whose message says what is wrong and what to do; every front end shows the message and nothing else.

And what a message may quote of a text: one line of it.
"""


class S1Error(Exception):
    """Anything a person can put right after reading the message."""


class InputError(S1Error, ValueError):
    """A question, a policy or an option that cannot work as given."""


class ModelError(S1Error):
    """A model, tokenizer or recording that cannot be loaded or does not fit."""


class EngineError(S1Error, RuntimeError):
    """The engine failed while decoding."""


def first_line(error: BaseException, text: str | None = None) -> str:
    """What a message quotes of another library's error: its first line, or its type where it says nothing.

    Args:
        error: what was raised.
        text: what to quote instead of the error's own text, such as a part of it.
    """
    return ((str(error) if text is None else text).strip() or type(error).__name__).splitlines()[0]


def one_line(text: object, limit: int = 300) -> str:
    """The beginning of a text without line breaks or invisible characters, at most `limit` characters long; not escaped."""
    start = str(text).lstrip()[: 8 * limit + 1]
    line = " ".join("".join(char if char.isprintable() else " " for char in start).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
