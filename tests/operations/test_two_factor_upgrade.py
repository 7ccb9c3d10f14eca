"""The migration of users' second factors leaves everybody signed in; their secrets are among those that are checked."""

from typing import Any

import pytest
from flask_migrate import downgrade, upgrade

from database import db, transaction
from domain.access import sessions
from domain.vault import vault
from models.user import UserSession
from operations import readable_secrets
from tests import cast
from tests.admin.with_app import user_at, with_app

pytestmark = pytest.mark.files


def test_who_is_signed_in_stays_so_and_who_waits_for_a_code_signs_in_again(installation: Any) -> None:
    with installation.app.app_context():
        for name in ("ada", "bob"):
            cast.make_user(f"{name}@example.org", all_merchants=True)
        with_app("bob@example.org")
        with transaction():
            session, token = sessions.begin(user_at("ada@example.org"), ip=None, user_agent=None)
            waits, other = sessions.begin(user_at("bob@example.org"), ip=None, user_agent=None)
            assert (session.needs_code, waits.needs_code) == (False, True)
        db.session.remove()
        downgrade(revision="0067")
        upgrade()
        found = sessions.find(token)
        assert found is not None
        assert found.user.email == "ada@example.org"
        assert (sessions.find(other), sessions.waiting(other), cast.count(UserSession)) == (None, None, 1)
        bob = user_at("bob@example.org")
        assert (bob.two_factor_at, bob.totp_secret) == (None, None)


def test_a_secret_that_the_installation_no_longer_decrypts_is_counted(installation: Any) -> None:
    with installation.app.app_context():
        cast.make_user("ada@example.org", all_merchants=True)
        readable, all_of_them = readable_secrets.count()
        with_app("ada@example.org")
        assert readable_secrets.count() == (readable + 1, all_of_them + 1)
        try:
            vault.configure(("a secret of another installation, 32 letters",), bcrypt_cost=4)
            assert readable_secrets.count() == (0, all_of_them + 1)
        finally:
            vault.configure(installation.app.config["SETTINGS"].secret_keys, bcrypt_cost=4)
