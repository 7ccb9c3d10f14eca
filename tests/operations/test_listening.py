"""The addresses that the server listens on, and the message about them."""

import socket

import pytest

from server.listening import StartRefused, address_of, listen


@pytest.mark.files
@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6 on this machine")
@pytest.mark.parametrize(("host", "reached", "unreached"), [
    ("::", ("127.0.0.1", "::1"), ()), ("::1", ("::1",), ("127.0.0.1",)), ("127.0.0.1", ("127.0.0.1",), ("::1",)),
])
def test_a_host_is_listened_on_as_it_says(host, reached, unreached):
    with listen(host, 0) as listening:
        port = listening.getsockname()[1]
        for address in reached:
            socket.create_connection((address, port), timeout=2).close()
        for address in unreached:
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((address, port), timeout=2)
        shown = {"::": "[::1]", "::1": "[::1]"}.get(host, host)
        assert address_of(listening) == f"http://{shown}:{port}"


@pytest.mark.files
def test_a_taken_port_is_named_with_its_address_in_brackets():
    if not socket.has_dualstack_ipv6():
        pytest.skip("needs IPv6 on this machine")
    with listen("::1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(StartRefused, match=rf"Cannot listen on \[::1\]:{port}"):
            listen("::1", port)
