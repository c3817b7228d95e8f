"""Errors whose message says what to do; every front end shows the message and nothing else."""


class S1Error(Exception):
    """Anything a person can mend by reading the message."""


class InputError(S1Error, ValueError):
    """A question, a policy or an option that cannot work as given."""


class ModelError(S1Error):
    """A model, tokenizer or recording that cannot be loaded or does not fit."""


class EngineError(S1Error, RuntimeError):
    """The engine failed while decoding."""
