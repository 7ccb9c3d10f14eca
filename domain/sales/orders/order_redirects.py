"""Checks where a customer is sent after paying: https, in the test world also http on this machine."""

from urllib.parse import urlsplit

from domain.errors import Invalid

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def redirect(name: str, address: str | None, *, test: bool) -> str | None:
    """The address of a field; Invalid when a browser may not be sent there."""
    if address is None:
        return None
    try:
        parts = urlsplit(address)
        is_https, is_here = parts.scheme.lower() == "https", parts.hostname in LOOPBACK
    except ValueError:
        raise Invalid.field(name, "must be a web address beginning with https://", "invalid") from None
    if not is_https and not (test and is_here):
        raise Invalid.field(name, "must be a web address beginning with https://", "invalid")
    return address
