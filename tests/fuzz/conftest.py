"""How many cases are tried: some hundred, the same each time; PAD_FUZZ_CASES=10000 for new ones."""

import os

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
