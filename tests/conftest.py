"""Every asynchronous test runs on asyncio and on trio; no property says how fast the machine is."""

import signal
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in what a script runs in the background, and its children
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("argentos", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("argentos")


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A report that can go from one process to another: half a surrogate pair that was logged cannot."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report
