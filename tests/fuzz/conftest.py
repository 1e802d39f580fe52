"""How many cases are tried: some hundred, the same each time; PAD_FUZZ_CASES=10000 for new ones."""

import os

import pytest
from hypothesis import HealthCheck, settings

_CASES = os.environ.get("PAD_FUZZ_CASES")

settings.register_profile(
    "pad",
    max_examples=int(_CASES or 150),
    derandomize=_CASES is None,  # a failure of the usual run is a failure of each run
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("pad")


def pytest_collection_modifyitems(items):
    """Without a limit of time where a number of cases or of kills was asked for."""
    if _CASES or "PAD_KILLS" in os.environ:
        for item in items:
            item.add_marker(pytest.mark.timeout(0))
