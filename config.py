"""Reads the settings from the COUNTINGHOUSE_* environment, once, into one frozen value.

An unknown name or an invalid value stops the start with a message that names it: a typo that goes
unnoticed in a billing product costs money.
"""

import ipaddress
import os
import re
import secrets
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent
PREFIX = "COUNTINGHOUSE_"
MINIMUM_SECRET = 32
HOST = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?(:[0-9]{1,5})?")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PRIVATE_NETWORKS = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,::1/128,fc00::/7"


class ConfigError(Exception):
    """The environment is invalid; the message names the setting and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings that the operator makes outside the program."""

    instance: Path
    database_url: str
    log_database_url: str
    redis_url: str | None
    secret_keys: tuple[str, ...]
    require_https: str
    trusted_proxies: int
    core_api_networks: tuple[Network, ...]
    webhook_allowed_hosts: tuple[str, ...]
    log_retention_days: int
    bcrypt_cost: int
    public_url: str | None
    metrics_token: str | None
    smtp_url: str | None
    mail_from: str | None
    imap_url: str | None
    shared_data: Path

    @property
    def spool(self) -> Path:
        """The folder of the request log's spool files."""
        return self.instance / "spool"


def command_line(words: str) -> str:
    """One of the operator's commands, ready to paste into a shell in the current folder."""
    own = Path(sys.executable).with_name("countinghouse")
    if own.exists():
        return f"{_typed(own)} {words}"
    flask = Path(sys.executable).with_name("flask")
    program = _typed(flask) if flask.exists() else f"{shlex.quote(sys.executable)} -m flask"
    app = "app" if Path.cwd() == ROOT else shlex.quote(str(ROOT / "app.py"))
    return f"{program} --app {app} {words}"


def _typed(program: Path) -> str:
    """A program as typed in the current folder: by its name if the shell finds this one by it."""
    if shutil.which(program.name) == str(program):
        return program.name
    return shlex.quote(str(program.relative_to(Path.cwd()) if program.is_relative_to(Path.cwd()) else program))


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises ConfigError with a message for the operator."""
    given = {
        name.removeprefix(PREFIX): value
        for name, value in (os.environ if environment is None else environment).items()
        if name.startswith(PREFIX) and not name.startswith(PREFIX + "TEST_")
    }
    unknown = sorted(set(given) - set(READERS))
    if unknown:
        known = ", ".join(PREFIX + name for name in sorted(READERS))
        raise ConfigError(f"{PREFIX}{unknown[0]} is not a setting. Known are: {known}.")
    values: dict[str, Any] = {}
    for name, (default, read) in READERS.items():
        raw = given.get(name, default).strip()
        try:
            values[name.lower()] = read(raw if name in EMPTY_COUNTS else raw or default)
        except (ValueError, OSError) as problem:
            raise ConfigError(f"{PREFIX}{name} is malformed: {problem}.") from None
    return _complete(values)


def _complete(values: dict[str, Any]) -> Settings:
    instance: Path = values["instance"]
    try:
        instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        if [one.name for one in instance.iterdir()] == [".gitkeep"]:
            instance.chmod(0o700)                   # as cloned: it has no data yet
    except OSError as problem:
        raise ConfigError(f"{PREFIX}INSTANCE: cannot use the folder {instance}: {problem.strerror}.") from None
    business = values["database_url"] or f"sqlite:///{instance / 'countinghouse.db'}"
    if not values["log_database_url"]:
        own_file = f"sqlite:///{instance / 'requests.db'}"
        values["log_database_url"] = own_file if business.startswith("sqlite") else business
    values["database_url"] = business
    values["secret_keys"] = values.pop("secret_key") or _generated_secret(instance)
    return Settings(**values)


def _generated_secret(instance: Path) -> tuple[str, ...]:
    """The secret of this installation, generated once, readable by its owner only; a list after a rotation."""
    path = instance / "secret_key"
    try:
        if not path.exists():
            _write_secret(path)
        found = _secrets(path.read_text())
    except OSError as problem:
        raise ConfigError(f"{PREFIX}INSTANCE: cannot use {path}: {problem.strerror}.") from None
    except ValueError:
        found = ()
    if not found:
        raise ConfigError(f"{path} has no usable secret; remove it to have one generated.")
    return found


def _write_secret(path: Path) -> None:
    """Write the secret under its name atomically: of several processes that start at once, one wins."""
    own = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(own, path)
    own.unlink()


def _secrets(raw: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in raw.split(",") if key.strip())
    if any(len(key) < MINIMUM_SECRET for key in keys):
        raise ValueError(f"each secret needs at least {MINIMUM_SECRET} characters")
    return keys


def _database(raw: str) -> str:
    wrong = ValueError("expected sqlite:///FILE or postgresql+psycopg://user:password@host:port/name")
    try:
        if raw and not (raw.startswith(("sqlite:///", "postgresql+psycopg://")) and make_url(raw)):
            raise wrong
    except (ArgumentError, ValueError):             # the library's may show the password
        raise wrong from None
    return raw


def _server(*schemes: str, expected: str, with_user: bool = False) -> Callable[[str], str | None]:
    """Reads the URL of a server, which must name its host; `expected` is how the message words one."""

    def read(raw: str) -> str | None:
        if raw and not _names_a_server(raw, schemes, with_user=with_user):
            raise ValueError(f"expected {expected}")
        return raw or None

    return read


def _names_a_server(raw: str, schemes: tuple[str, ...], *, with_user: bool) -> bool:
    try:
        parts = urlsplit(raw)
        place = parts.path if parts.scheme == "unix" else parts.hostname
        return bool(parts.scheme in schemes and place and parts.port != 0 and (parts.username or not with_user))
    except ValueError:                              # of the port or the brackets
        return False


def _integer(low: int, high: int) -> Callable[[str], int]:
    def read(raw: str) -> int:
        if not (raw.isascii() and raw.isdigit() and low <= int(raw) <= high):
            raise ValueError(f"expected a whole number from {low} to {high}")
        return int(raw)

    return read


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if raw not in choices:
            raise ValueError("expected one of " + ", ".join(choices))
        return raw

    return read


def _networks(raw: str) -> tuple[Network, ...]:
    return tuple(_plain_network(ipaddress.ip_network(part.strip())) for part in raw.split(",") if part.strip())


def _plain_network(network: Network) -> Network:
    """The network with IPv4 within IPv6 as IPv4, the form in which callers' addresses are compared."""
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    inside = mapped is not None and network.prefixlen >= 96
    return ipaddress.ip_network(f"{mapped}/{network.prefixlen - 96}") if inside else network


def _hosts(raw: str) -> tuple[str, ...]:
    hosts = tuple(part.strip().lower() for part in raw.split(",") if part.strip())
    for host in hosts:
        if not _is_host(host):
            raise ValueError(f"expected host or host:port, not {host}")
    return hosts


def _is_host(text: str) -> bool:
    """Whether this is a name or an address, with or without a port."""
    if HOST.fullmatch(text):
        return int(text.partition(":")[2] or 1) in range(1, 65536)
    bare, _, port = text.removeprefix("[").partition("]")
    try:
        return ipaddress.ip_address(bare).version == 6 and int(port.removeprefix(":") or 1) in range(1, 65536)
    except ValueError:
        return False


def _optional(raw: str) -> str | None:
    return raw or None


def _public_url(raw: str) -> str | None:
    read = _server("http", "https", expected="https://host, without a user or a query")
    return read(raw.rstrip("/") if not set("?#@ ") & set(raw) else "no address")


def _sender(raw: str) -> str | None:
    name, at, host = parseaddr(raw)[1].rpartition("@")
    if raw and not (name and at and host):
        raise ValueError("expected name@host or Name <name@host>")
    return raw or None


EMPTY_COUNTS = ("CORE_API_NETWORKS",)       # an empty value turns it off

READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "INSTANCE": (str(ROOT / "instance"), lambda raw: Path(raw).expanduser().resolve()),
    "DATABASE_URL": ("", _database),
    "LOG_DATABASE_URL": ("", _database),
    "REDIS_URL": ("", _server("redis", "rediss", "unix", expected="redis://host:port/number")),
    "SECRET_KEY": ("", _secrets),
    "REQUIRE_HTTPS": ("auto", _one_of("auto", "always", "never")),
    "TRUSTED_PROXIES": ("0", _integer(0, 10)),
    "CORE_API_NETWORKS": (PRIVATE_NETWORKS, _networks),
    "WEBHOOK_ALLOWED_HOSTS": ("", _hosts),
    "LOG_RETENTION_DAYS": ("90", _integer(1, 36500)),
    "BCRYPT_COST": ("10", _integer(4, 16)),
    "PUBLIC_URL": ("", _public_url),
    "METRICS_TOKEN": ("", _optional),
    "SMTP_URL": ("", _server("smtp", "smtps", expected="smtps://user:password@host or smtp://host")),
    "MAIL_FROM": ("", _sender),
    "IMAP_URL": ("", _server("imap", "imaps", expected="imaps://user:password@host/INBOX", with_user=True)),
    # Real public data for demos, benches and tests; tests that need it skip where it is not.
    "SHARED_DATA": (str(ROOT.parent / "shared" / "data"), lambda raw: Path(raw).expanduser()),
}
