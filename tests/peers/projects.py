"""Whose tests: the source distribution, what its tests need beside it, and how they are run.

Tests that reach the internet are left out, for they fail without us too; so are those that count threads or warnings
of the whole process. What is left out is left out in both runs.
"""

from __future__ import annotations

from typing import NamedTuple


class Project(NamedTuple):
    """One project."""

    name: str
    version: str
    needs: tuple[str, ...]
    arguments: tuple[str, ...]
    """Of pytest, from the root of the unpacked distribution."""
    from_wheel: bool = False
    """Installed from its wheel, because its extensions would have to be compiled; its tests are the distribution's."""


PROJECTS = (
    Project(
        "httpx",
        "0.28.1",
        (
            "pytest",
            "anyio",
            "trio",
            "trustme",
            "uvicorn",
            "chardet",
            "cryptography",
            "httpx[http2,socks,brotli,zstd,cli]",
        ),
        ("tests", "-W", "ignore", "-o", "addopts="),
    ),
    Project(
        "requests",
        "2.34.2",
        ("pytest", "pytest-httpbin", "httpbin", "pytest-mock", "trustme", "PySocks", "flask", "werkzeug"),
        ("tests", "-W", "ignore", "-o", "addopts="),
    ),
    Project(
        "aiohttp",
        "3.14.5",
        (
            *(
                "pytest",
                "pytest-mock",
                "pytest-aiohttp",
                "trustme",
                "re-assert",
                "freezegun",
                "proxy.py",
                "blockbuster",
            ),
            *("pytest-xdist", "time-machine", "zlib_ng", "isal", "python-on-whales", "brotli", "pytest-codspeed"),
        ),
        (
            *("tests/test_client_functional.py", "tests/test_client_session.py", "tests/test_client_response.py"),
            *("tests/test_client_request.py", "tests/test_connector.py", "tests/test_client_middleware.py"),
            *("-W", "ignore", "-o", "addopts=", "-o", "filterwarnings="),
        ),
        from_wheel=True,
    ),
    Project(
        "urllib3",
        "2.8.0",
        (
            *(
                "pytest",
                "pytest-timeout",
                "pytest-socket",
                "trustme",
                "PySocks",
                "brotli",
                "cryptography",
                "h2",
                "httpx",
            ),
            *("hypercorn", "quart", "quart-trio", "trio", "pyopenssl", "idna", "tornado"),
        ),
        ("test", "-W", "ignore", "-o", "addopts=", "-m", "not requires_network", "--timeout", "120"),
    ),
    Project(
        "easypost",
        "10.7.0",
        ("pytest", "pytest-vcr", "vcrpy", "pytest-cov"),
        ("tests", "-W", "ignore", "-o", "addopts=", "--vcr-record=none"),
    ),
    Project(
        "vcrpy",
        "9.4.2",
        (
            *("pytest", "pytest-asyncio", "pytest-aiohttp", "pytest-httpbin", "httpbin", "cryptography", "pysocks"),
            *("aiohttp", "boto3", "httplib2", "httpx", "requests", "tornado", "urllib3"),
        ),
        ("tests", "-W", "ignore", "-o", "addopts=", "-m", "not online"),
    ),
    Project("ShopifyAPI", "12.7.0", ("mock",), ("test", "-W", "ignore")),
    Project(
        "PyGithub",
        "2.10.0",
        ("httpretty", "responses", "pytest-subtests"),
        ("tests", "-W", "ignore", "-o", "addopts="),
    ),
)
