"""The sockets that the server listens on."""

from __future__ import annotations

import socket

import pytest

from apitrail.server.problems import Problem
from apitrail.server.sockets import listen_tcp


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_answer_in_two_parts_does_not_wait_for_the_first_to_be_acknowledged(host: str) -> None:
    try:
        listener = listen_tcp(host, 0)
    except Problem:
        if host == "127.0.0.1":
            raise
        pytest.skip("this machine has no IPv6")
    with listener, socket.create_connection(listener.getsockname()[:2]):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
