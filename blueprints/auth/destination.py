"""Validates the page to open after signing in: only pages of this host."""

from urllib.parse import urlsplit

LONGEST = 2000


def own_address(wanted: str | None) -> str | None:
    """The path if it stays on this host, else None.

    Browsers read a backslash as a slash and skip control characters, so both are refused:
    the path must begin with exactly one slash.
    """
    if not wanted or len(wanted) > LONGEST or not wanted.startswith("/") or wanted.startswith("//"):
        return None
    if "\\" in wanted or any(ord(char) <= 0x20 or ord(char) == 0x7F for char in wanted):
        return None
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or parts.path in ("/login", "/logout"):
        return None
    return wanted
