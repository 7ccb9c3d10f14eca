"""Normalises IP addresses of callers, for storage, comparison and search. Opens no sockets.

Proxies, sockets and logs write the same address in many ways: with a port, in brackets, with a zone, as IPv4 within
IPv6, with zeros that may be left out. Everything that keeps or compares an address goes through `canonical` first.
"""

import ipaddress
import re
from functools import lru_cache

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d{1,5})?|([0-9.]+):\d{1,5}", re.ASCII)
SITE = 64                   # bits of an IPv6 address that one site has in common: a host chooses the others freely
NOT_PUBLIC = tuple(
    ipaddress.ip_network(one)
    for one in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "::/127", "fc00::/7", "fe80::/10",
    )
)


@lru_cache(4096)
def parsed(text: str) -> Address | None:
    """The address without port, brackets and zone, IPv4 within IPv6 as IPv4; None for anything else."""
    bare = text.strip()
    inner = WITH_PORT.fullmatch(bare)
    if inner is not None:
        bare = inner[1] or inner[2] or ""
    bare, percent, zone = bare.partition("%")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if percent and (not zone or address.version == 4):
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@lru_cache(4096)
def canonical(text: str) -> str:
    """The address in normal form; a text that is not an address stays as it is."""
    address = parsed(text)
    return text if address is None else str(address)


def limited_as(text: str) -> str:
    """The key that limits per address count by: an IPv4 address, or the /64 network of an IPv6 address."""
    address = parsed(text)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, SITE), strict=False))
    return canonical(text)


def caller_in(text: str, trusted_proxies: int | None = None) -> str:
    """The caller in an address or a list of them, as proxies write it into logs; empty if there is none.

    The one before as many proxies as are trusted, counted from the right; else the left-most public address,
    else the left-most address. A single word that is not an address (a host name) stays as it is.
    """
    entries = [entry.strip().strip('"') for entry in text.split(",")]
    if len(entries) == 1:
        return canonical(entries[0])
    if trusted_proxies:
        return _known(entries[-trusted_proxies:][:1])
    found = [address for address in map(parsed, entries) if address is not None]
    public = [address for address in found if not any(address in one for one in NOT_PUBLIC)]
    return str((public or found)[0]) if found else ""


def _known(entries: list[str]) -> str:
    address = parsed(entries[0]) if entries else None
    return "" if address is None else str(address)
