"""Settings come from the environment, by name, or not at all."""

from __future__ import annotations

import pytest

from s1demo.errors import InputError
from s1demo.settings import EMBEDDED_MODEL, EMBEDDED_RECORDING, Settings


def test_defaults_open_the_embedded_model():
    settings = Settings.from_env({})
    assert settings == Settings()
    assert settings.model_path == EMBEDDED_MODEL
    assert Settings(engine="replay").model_path == EMBEDDED_RECORDING


def test_variables_are_read_by_name_and_type():
    settings = Settings.from_env({"S1_MODEL": "simplescaling/s1-32B", "S1_PORT": "8000", "S1_MAX_RUN_SECONDS": "2.5", "S1_OPEN_BROWSER": "1"})
    assert (settings.model_path, settings.port, settings.max_run_seconds, settings.open_browser) == ("simplescaling/s1-32B", 8000, 2.5, True)


def test_what_was_chosen_elsewhere_goes_over_the_environment():
    settings = Settings.from_env({"S1_ENGINE": "vllm", "S1_MODEL": "a/b", "S1_DTYPE": "float16"}, engine=None, model="c/d", dtype="")
    assert (settings.engine, settings.model, settings.dtype) == ("vllm", "c/d", "")
    with pytest.raises(TypeError, match="no_such"):
        Settings.from_env({}, no_such=1)


@pytest.mark.parametrize(
    "variables, complaint",
    [
        ({"S1_PORT": "eighty"}, "S1_PORT"),
        ({"S1_MAX_RUN_SECONDS": "soon"}, "S1_MAX_RUN_SECONDS"),
        ({"S1_OPEN_BROWSER": "yes"}, "S1_OPEN_BROWSER"),
        ({"S1_ENGINE": "magic"}, "transformers, .*replay"),
        ({"S1_MAX_CONCURRENT_REQUESTS": "0"}, "S1_MAX_CONCURRENT_REQUESTS"),
        ({"S1_TORCH_THREADS": "-1"}, "S1_TORCH_THREADS"),
        ({"S1_REPLAY_SPEED": "nan"}, "S1_REPLAY_SPEED"),
    ],
)
def test_unreadable_values_are_named(variables, complaint):
    with pytest.raises(InputError, match=complaint):
        Settings.from_env(variables)
