"""Says in words which browser sent a request, as far as its User-Agent says it: Firefox on Windows."""

import re

UNKNOWN = "Unknown browser"
# The first that fits; most browsers name others, too.
BROWSERS = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"), ("Opera", r"\bOPR/|\bOpera\b"), ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"), ("Chrome", r"\b(?:Chrome|CriOS|HeadlessChrome)/"), ("Safari", r"\bSafari/"),
    ("curl", r"^curl/"), ("A Python program", r"^python|\bPython/"), ("A Go program", r"^Go-http-client/"),
)
SYSTEMS = (
    ("iPhone", r"\biPhone\b"), ("iPad", r"\biPad\b"), ("Android", r"\bAndroid\b"), ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"), ("macOS", r"\bMac OS X\b|\bMacintosh\b"), ("Linux", r"\bLinux\b|\bX11\b"),
)


def browser(user_agent: str | None) -> str:
    """The browser and its system in words."""
    said = user_agent or ""
    name, system = _first(BROWSERS, said), _first(SYSTEMS, said)
    if name is None:
        return UNKNOWN if system is None else f"{UNKNOWN} on {system}"
    return name if system is None else f"{name} on {system}"


def _first(known: tuple[tuple[str, str], ...], said: str) -> str | None:
    return next((name for name, pattern in known if re.search(pattern, said)), None)
