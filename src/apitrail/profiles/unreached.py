"""Whether a call cannot have come to the platform, by the error of the client that made it.

A connection that broke may have carried the call, and what it asked for may be done. One that was never made carried
nothing: no label can exist, and nothing has to be looked up before one tries again. Only what is sure counts.
"""

from __future__ import annotations

from apitrail.exchange import Failure

_TYPES = frozenset(
    (
        "connecterror",  # httpx, httpcore
        "connecttimeout",  # httpx, requests
        "pooltimeout",  # httpx: no connection was free
        "connecttimeouterror",  # urllib3
        "newconnectionerror",
        "nameresolutionerror",
        "clientconnectorerror",  # aiohttp
        "clientconnectordnserror",
        "clientconnectorsslerror",
        "clientconnectorcertificateerror",
        "connectiontimeouterror",
        "gaierror",  # the standard library
        "connectionrefusederror",
        "sslcertverificationerror",
    )
)
"""Classes of errors that come before the first byte of a call, without their modules."""

_TEXTS = (
    "name or service not known",
    "nodename nor servname",
    "name resolution",
    "getaddrinfo failed",
    "failed to resolve",
    "failed to establish a new connection",
    "certificate_verify_failed",
    "certificate verify failed",
    "connection refused",
    "network is unreachable",
    "no route to host",
    "enotfound",
    "econnrefused",
)
"""What clients of less telling classes say (requests names all of these ConnectionError), in lower case."""


def unreached(error: Failure | None) -> bool:
    """Whether this error shows that no connection was made; False where it does not show it."""
    if error is None:
        return False
    if error.type.casefold().rpartition(".")[2] in _TYPES:
        return True
    text = error.text.casefold()
    return any(each in text for each in _TEXTS)
