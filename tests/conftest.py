"""What holds for the whole suite."""

import pytest
from hypothesis import settings

settings.register_profile("suite", settings.default, deadline=None)  # an example is slow where the machine is busy
settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright keeps an event loop running in the main thread until the session ends, and
    no test after it could run one of its own there. Where several processes share the tests, each takes files in
    this order.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
