"""The operator's commands: names, JSON documents, refusals."""

import json
from collections.abc import Iterator
from typing import Any

import click
import flask_migrate.cli
import pytest

from database import db, transaction
from domain.access import customer_access, key_access, second_factors
from domain.errors import Unauthenticated
from domain.people.logins import user_passwords
from domain.permissions import KEY_SCOPES
from models.audit import AuditEntry
from models.credential import Credential
from tests.admin.with_app import user_at, with_app

pytestmark = pytest.mark.files
PASSWORD = "seven quiet ledgers at dusk"


@pytest.fixture
def merchant(installation: Any) -> int:
    return int(installation.run("merchant", "create", "--name", "Ada", "--currency", "EUR")["id"])


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from leaves(command.get_command(context, name), (*path, name))  # type: ignore[arg-type]


def test_every_command_takes_json(empty: Any) -> None:
    found = {path: each for path, each in leaves(empty().app.cli) if path[0] != "db"}     # the others are developers'
    found |= {("db", "upgrade"): flask_migrate.cli.db.commands["upgrade"]}
    assert len(found) > 15
    mute = [
        " ".join(path) for path, command in found.items()
        if not any("--json" in parameter.opts for parameter in command.params)
    ]
    assert mute == []


def test_an_upgrade_says_what_it_did_and_that_nothing_is_left(empty: Any) -> None:
    made = empty()
    first = made.run("db", "upgrade")
    newest = first["revisions"]["default"]
    assert first == {
        "changed": True, "before": {"default": None, "log": None}, "revisions": {"default": newest, "log": newest},
    }
    assert made.run("db", "upgrade")["changed"] is False
    again = made.app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert (again.exit_code, again.stdout) == (0, f"Up to date: revision {newest}.\n")
    assert made.run("db", "upgrade", "nonsense", status=1)["error"] == "There is no revision nonsense."


def test_a_merchant_is_created_with_its_currency_and_zone(installation: Any) -> None:
    made = installation.run("merchant", "create", "--name", "Zoë & Co", "--currency", "JPY", "--timezone", "Asia/Tokyo")
    assert made == {"id": 1, "name": "Zoë & Co", "currency": "JPY", "timezone": "Asia/Tokyo"}
    assert installation.run("merchant", "create", "--name", "None")["timezone"] is None


def test_a_refusal_is_one_document_with_the_fields(installation: Any) -> None:
    refused = installation.run("merchant", "create", "--name", " ", "--currency", "EURO", status=1)
    assert refused["error"] == "Some fields need attention."
    assert set(refused["details"]["fields"]) == {"name", "currency"}


def test_a_missing_option_is_one_document_too(installation: Any) -> None:
    assert installation.run("merchant", "create", status=2) == {"error": "Missing option '--name'.", "details": {}}


def test_without_json_a_refusal_goes_to_standard_error(installation: Any) -> None:
    result = installation.app.test_cli_runner().invoke(args=["merchant", "create", "--name", "A", "--currency", "x"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "currency must be an ISO 4217 currency code" in result.stderr


def test_a_user_signs_in_with_the_password_given(installation: Any, merchant: int) -> None:
    made = installation.run(
        "user", "create", "--email", "Ada@Example.com", "--password", PASSWORD, "--role", "accountant_user",
        "--merchant", str(merchant), "--timezone", "Europe/Madrid",
    )
    assert made["role"] == "accountant_user"
    assert made["merchants"] == [merchant]
    with installation.app.app_context():
        assert user_passwords.verified("ada@example.com", PASSWORD).user.id == made["id"]


@pytest.mark.parametrize("password", ["short", "passwordpassword"])
def test_a_weak_password_is_refused(installation: Any, password: str) -> None:
    refused = installation.run(
        "user", "create", "--email", "a@example.com", "--password", password, "--all-merchants", status=1
    )
    assert "password" in refused["details"]["fields"]


def test_a_user_without_any_merchant_is_refused(installation: Any) -> None:
    refused = installation.run("user", "create", "--email", "a@example.com", "--password", PASSWORD, status=1)
    assert "merchant_ids" in refused["details"]["fields"]


def test_a_password_is_reset_and_the_old_one_opens_nothing(installation: Any) -> None:
    installation.run("user", "create", "--email", "a@example.com", "--password", PASSWORD, "--all-merchants")
    installation.run("user", "reset-password", "A@example.com", "--password", PASSWORD + "!")
    with installation.app.app_context():
        user_passwords.verified("a@example.com", PASSWORD + "!")
        with pytest.raises(Exception, match="wrong"):
            user_passwords.verified("a@example.com", PASSWORD)


def test_a_missing_password_is_not_asked_for_without_a_terminal(installation: Any) -> None:
    installation.run("user", "create", "--email", "a@example.com", "--password", PASSWORD, "--all-merchants")
    refused = installation.run("user", "reset-password", "a@example.com", status=1)
    assert refused["details"]["fields"] == {"password": "is required"}


def test_two_factor_is_turned_off_for_somebody_who_is_locked_out(installation: Any) -> None:
    installation.run("user", "create", "--email", "a@example.com", "--password", PASSWORD, "--all-merchants")
    with installation.app.app_context():
        with_app("a@example.com")
    assert installation.run("user", "turn-off-two-factor", "A@example.com")["two_factor"] is False
    with installation.app.app_context():
        user = user_at("a@example.com")
        assert (user.two_factor_at, user.totp_secret, second_factors.codes_left(user)) == (None, None, 0)
    again = installation.run("user", "turn-off-two-factor", "a@example.com", status=1)
    assert "is off" in str(again)


def test_a_deactivated_user_is_shut_out(installation: Any) -> None:
    installation.run("user", "create", "--email", "a@example.com", "--password", PASSWORD, "--all-merchants")
    assert installation.run("user", "deactivate", "a@example.com")["active"] is False
    with installation.app.app_context(), pytest.raises(Exception, match="wrong"):
        user_passwords.verified("a@example.com", PASSWORD)


def test_an_unknown_user_is_refused(installation: Any) -> None:
    refused = installation.run("user", "deactivate", "no@example.com", status=1)
    assert refused["error"] == "There is no user no@example.com."


def test_a_key_is_shown_once_and_kept_as_a_digest(installation: Any, merchant: int) -> None:
    made = installation.run(
        "key", "create", "--merchant", str(merchant), "--name", "Shop", "--scope", "READ_BUDGETS", "--scope",
        "READ_PRODUCTS", "--rate-limit", "50", "--allow-ip", "10.1.0.0/16", "--expires", "2031-01-01T00:00:00Z",
    )
    assert made["id"] == "api_key_1"
    assert made["key"].startswith("bk_live_")
    assert made["scopes"] == ["READ_BUDGETS", "READ_PRODUCTS"]
    assert made["rate_limit"] == 50
    assert made["allowed_ips"] == ["10.1.0.0/16"]
    assert made["webhook_secret"] is None
    with installation.app.app_context():
        row = db.session.get(Credential, 1)
        assert made["key"] not in json.dumps([str(getattr(row, each.key)) for each in row.__table__.columns])
    listed = installation.run("key", "list", "--merchant", str(merchant))["keys"]
    assert [(one["id"], one["status"]) for one in listed] == [("api_key_1", "ACTIVE")]
    assert made["key"] not in json.dumps(listed)
    assert set(listed[0]) - set(made) == {"status", "created"}           # what both say has one name
    assert {name: listed[0][name] for name in ("name", "mode", "scopes", "rate_limit", "allowed_ips", "expires")} == {
        name: made[name] for name in ("name", "mode", "scopes", "rate_limit", "allowed_ips", "expires")}


def test_a_key_without_scopes_has_all_of_them_and_a_test_key_is_marked(installation: Any, merchant: int) -> None:
    made = installation.run("key", "create", "--merchant", str(merchant), "--name", "T", "--test")
    assert made["key"].startswith("bk_test_")
    assert tuple(made["scopes"]) == KEY_SCOPES


def test_the_operator_may_make_a_key_that_has_expired(installation: Any, merchant: int) -> None:
    installation.run("key", "create", "--merchant", str(merchant), "--name", "Old", "--expires", "2020-01-01")
    assert installation.run("key", "list", "--merchant", str(merchant))["keys"][0]["status"] == "EXPIRED"


def test_a_table_that_is_piped_shows_whole_values(installation: Any, merchant: int) -> None:
    name = "A key with a name of many words, which no terminal of eighty columns has room for"
    installation.run("key", "create", "--merchant", str(merchant), "--name", name, "--expires", "2031-01-01")
    result = installation.app.test_cli_runner().invoke(args=["key", "list", "--merchant", str(merchant)])
    assert name in result.stdout
    assert "2031-01-01T23:59:59Z" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) < 300


@pytest.mark.parametrize("wrong", [
    ["--scope", "EVERYTHING"], ["--rate-limit", "0"], ["--rate-limit", "1000001"], ["--allow-ip", "10.0.0.5/8"],
    ["--expires", "tomorrow"], ["--webhook-url", "ftp://example.com"],
])
def test_a_key_with_a_wrong_value_is_refused(installation: Any, merchant: int, wrong: list[str]) -> None:
    refused = installation.run("key", "create", "--merchant", str(merchant), "--name", "K", *wrong, status=1)
    assert len(refused["details"]["fields"]) == 1


def test_a_revoked_key_opens_nothing_and_cannot_be_revoked_again(installation: Any, merchant: int) -> None:
    made = installation.run("key", "create", "--merchant", str(merchant), "--name", "K")
    assert installation.run("key", "revoke", made["id"])["status"] == "REVOKED"
    assert installation.run("key", "revoke", "1", status=1)["details"] == {"status": "REVOKED"}
    with installation.app.app_context():
        key = key_access.find(made["key"])
        assert key is not None
        with pytest.raises(Unauthenticated):
            key_access.admit(key, "127.0.0.1")


def test_a_key_is_extended_and_its_status_is_the_one_of_the_list(installation: Any, merchant: int) -> None:
    made = installation.run("key", "create", "--merchant", str(merchant), "--name", "K", "--expires", "2020-01-01")
    assert installation.run("key", "pause", made["id"])["status"] == "EXPIRED"
    assert installation.run("key", "resume", "1")["status"] == "EXPIRED"
    moved = installation.run("key", "extend", "1", "--until", "2031-01-31")
    assert moved == {"id": "api_key_1", "status": "ACTIVE", "expires": "2031-01-31T23:59:59Z"}
    assert installation.run("key", "extend", "1", "--days", "28")["expires"] == "2031-02-28T23:59:59Z"
    assert installation.run("key", "extend", "1", "--never")["expires"] is None
    for wrong in ([], ["--never", "--days", "1"], ["--days", "0"], ["--until", "tomorrow"]):
        assert installation.run("key", "extend", "1", *wrong, status=1)["error"]


def test_a_key_is_marked_as_leaked(installation: Any, merchant: int) -> None:
    made = installation.run("key", "create", "--merchant", str(merchant), "--name", "K")
    assert installation.run("key", "leaked", made["id"], "--url", "https://x.example")["status"] == "PAUSED"
    assert installation.run("key", "leaked", "1", status=1)["details"] == {"status": "PAUSED"}
    rotated = installation.run("key", "rotate", "1", "--grace", "24")
    assert rotated["key"] != made["key"]
    listed = installation.run("key", "list", "--merchant", str(merchant))["keys"]
    assert listed[0]["status"] == "ACTIVE"


def test_a_key_is_rotated_paused_and_resumed(installation: Any, merchant: int) -> None:
    made = installation.run("key", "create", "--merchant", str(merchant), "--name", "K")
    rotated = installation.run("key", "rotate", made["id"], "--grace", "0")
    assert rotated["key"] != made["key"]
    assert installation.run("key", "rotate", "1", "--grace", "721", status=1)["details"]["fields"]
    assert installation.run("key", "pause", made["id"])["status"] == "PAUSED"
    for text in (made["key"], rotated["key"]):
        with installation.app.app_context():
            key = key_access.find(text)
            assert key is not None
            with pytest.raises(Unauthenticated):
                key_access.admit(key, "127.0.0.1")
    assert installation.run("key", "resume", made["id"])["status"] == "ACTIVE"
    with installation.app.app_context():
        key = key_access.find(rotated["key"])
        assert key is not None
        key_access.admit(key, "127.0.0.1")


@pytest.mark.parametrize("name", ["api_key_9", "9", "x", "api_key_", "99999999999999999999", "٣"])
def test_a_key_that_is_not_there_is_refused(installation: Any, name: str) -> None:
    assert "error" in installation.run("key", "revoke", name, status=1)


def test_a_customer_is_created_and_its_merchant_must_exist(installation: Any, merchant: int) -> None:
    given = ["customer", "create", "--name", "Bea", "--email", "bea@example.com"]
    assert installation.run(*given, "--merchant", str(merchant))["id"] == 1
    assert "e-mail" in installation.run(*given, "--merchant", str(merchant), status=1)["error"]
    assert installation.run(*given, "--merchant", "99", status=1)["error"] == "There is no merchant 99."


def test_a_customer_has_one_token_at_a_time(installation: Any, merchant: int) -> None:
    given = ["customer", "create", "--name", "Bea", "--merchant", str(merchant)]
    customers = [installation.run(*given, "--email", "bea@example.com")["id"],
                 installation.run(*given, "--email", "tess@example.com", "--test")["id"]]
    for number in map(str, customers):
        first = installation.run("customer-token", "create", "--customer", number)["token"]
        second = installation.run("customer-token", "create", "--customer", number)["token"]
        assert len(first) == len(second) == 64
        with installation.app.app_context():
            with pytest.raises(Unauthenticated):
                customer_access.by_token(first).check()
            customer_access.by_token(second).check()
        assert installation.run("customer-token", "revoke", "--customer", number) == {"id": int(number)}
        refused = installation.run("customer-token", "revoke", "--customer", number, status=1)
        assert refused["error"] == "This customer has no API token."
    assert installation.run("customer-token", "create", "--customer", "99", status=1)["error"] == (
        "There is no customer 99.")


def test_settings_are_listed_and_changed(installation: Any) -> None:
    assert installation.run("settings", "list")["client_api_limit_per_minute"] == 60
    changed = installation.run("settings", "set", "client_api_limit_per_minute", "0")
    assert changed == {"name": "client_api_limit_per_minute", "value": 0}
    assert installation.run("settings", "list")["client_api_limit_per_minute"] == 0
    for given in (("client_api_limit_per_minute", "x"),
                  ("system_timezone", "Mars/Olympus"), ("nothing", "1")):
        assert "error" in installation.run("settings", "set", *given, status=1)
    assert installation.run("settings", "list")["system_timezone"] == "UTC"


def test_what_the_operator_does_is_in_the_audit_trail(installation: Any, merchant: int) -> None:
    with installation.app.app_context(), transaction() as session:
        entry = session.query(AuditEntry).one()
        assert (entry.actor, entry.source, entry.action) == ("operator", "cli", "merchant.created")


def test_passwords_and_keys_are_hashed_while_others_can_write(
    installation: Any, merchant: int, hashings: list[str]
) -> None:
    installation.run("user", "create", "--email", "a@example.com", "--password", PASSWORD, "--all-merchants")
    installation.run("user", "reset-password", "a@example.com", "--password", "another quiet ledger")
    installation.run("key", "create", "--merchant", str(merchant), "--name", "Shop")
    assert hashings == ["hash_of", "hash_of", "hashpw"]
    installation.run("user", "reset-password", "nobody@example.com", "--password", PASSWORD, status=1)
    installation.run("user", "reset-password", "a@example.com", "--password", "", status=1)
    installation.run("key", "create", "--merchant", "99", "--name", "Shop", status=1)
    assert hashings == ["hash_of", "hash_of", "hashpw", "hash_of"]
