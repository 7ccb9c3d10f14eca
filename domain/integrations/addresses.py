"""Decides which addresses a webhook may reach: public ones, and hosts that the operator allows. Opens no sockets.

`is_global` alone would let multicast, NAT64, 6to4 and mapped addresses through (each of which can
lead back to the private network), so the rules are written out.
"""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from domain.errors import Invalid

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

IPV6_PUBLIC = ipaddress.ip_network("2000::/3")
IPV6_REFUSED = tuple(
    ipaddress.ip_network(one)
    for one in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
)
IPV4_REFUSED = tuple(
    ipaddress.ip_network(one)
    for one in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")   # protocols, 6to4 relays, a cloud's own host
)
# What browsers refuse too (the Fetch standard's bad ports): mail, remote shells, name services, databases of files.
REFUSED_PORTS = frozenset((
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
    540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
    6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
))
LOCAL_NAMES = re.compile(r"(^|\.)(localhost|local|internal|intranet|lan|home|corp|localdomain|home\.arpa)\.?$")
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\.?\Z")


ALLOWED_BY = "that the operator has to allow by COUNTINGHOUSE_WEBHOOK_ALLOWED_HOSTS"


def is_public(address: Address) -> bool:
    """Whether the address is public. IPv6 that embeds an IPv4 address is refused."""
    if isinstance(address, ipaddress.IPv4Address):
        usual = address.is_global and not address.is_multicast and not address.is_reserved
        return usual and not any(address in one for one in IPV4_REFUSED)
    return address in IPV6_PUBLIC and not any(address in one for one in IPV6_REFUSED)


def literal(host: str) -> Address | None:
    """The IP address that a host is, in any form a resolver accepts: 127.1, 0x7f.1, 2130706433."""
    bare = host.removesuffix(".")
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare))       # only parses, resolves nothing
    except (OSError, UnicodeError):
        return None


def check_url(url: str, allowed: tuple[str, ...] = ()) -> str:
    """The URL in its normal form; raises Invalid for one that must not be called.

    `allowed` are the operator's exceptions, `host` or `host:port`. The address that a name resolves to
    is checked at each delivery.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise refused("is not a web address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise refused("must begin with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise refused("must not contain a user name or password")
    if any(ord(char) <= 0x20 or ord(char) >= 0x7F or char == "\\" for char in url):
        raise refused("contains characters that a web address cannot have")
    if port == 0:
        raise refused("has no usable port")
    port = port or (443 if parts.scheme == "https" else 80)
    if port in REFUSED_PORTS and not _is_listed(host.rstrip("."), port, allowed):
        raise refused(f"uses port {port}, which is reserved for another protocol")
    if is_allowed(host, port, allowed):
        return url
    address = literal(host)
    if address is not None and not is_public(address):
        raise refused(f"has a private or reserved address, {ALLOWED_BY}")
    if address is None and not _is_public_name(host):
        raise refused(f"must name a public host, or one {ALLOWED_BY}")
    return url


def _is_public_name(host: str) -> bool:
    """Whether public DNS could have the name. A last label of digits is a misspelt address."""
    last = host.rstrip(".").rpartition(".")
    return (
        HOST.match(host) is not None and bool(last[0]) and not last[2][:1].isdigit()
        and not LOCAL_NAMES.search(host) and ".." not in host
    )


def is_allowed(host: str, port: int, allowed: tuple[str, ...]) -> bool:
    """Whether the operator allows this host, with this port or with any."""
    bare = host.rstrip(".")
    return bare in allowed or _is_listed(bare, port, allowed)


def _is_listed(bare: str, port: int, allowed: tuple[str, ...]) -> bool:
    return f"{bare}:{port}" in allowed or f"[{bare}]:{port}" in allowed


def refused(text: str) -> Invalid:
    return Invalid.field("url", text, "refused")
