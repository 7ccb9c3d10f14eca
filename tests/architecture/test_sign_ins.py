"""Who checks a password, and who begins a session or makes a token for it, asks for the second factor, too."""

import ast

import pytest

from tests.architecture.source import modules

PLACES = {
    # Each of these asks for the second factor, or is behind a session that has given it.
    "passwords.matches": {
        "domain.people.logins.user_passwords",          # of users of the dashboard
        "domain.people.logins.customer_passwords",      # of customers' users
        "domain.access.own_second_factor",              # of somebody who is signed in
    },
    "sessions.begin": {"domain.people.logins.user_passwords"},
    "sessions.complete": {"domain.people.logins.user_passwords"},
    "customer_sessions.begin": {"domain.people.logins.customer_sign_ins"},
    "customer_sessions.complete": {"domain.people.logins.customer_passwords"},
    "jwts.issue": {"blueprints.api.core.iam"},
    "user_passwords.verified": {"blueprints.auth", "blueprints.auth.api_logins"},
}


@pytest.mark.parametrize("call", sorted(PLACES))
def test_what_signs_in_is_called_where_the_second_factor_is_asked_for(call):
    owner, _, name = call.partition(".")
    found = {module.name.removesuffix(".__init__") for module in modules() for node in ast.walk(module.tree)
             if isinstance(node, ast.Attribute) and node.attr == name
             and isinstance(node.value, ast.Name) and node.value.id == owner}
    assert found == PLACES[call], (
        f"{sorted(found ^ PLACES[call])} and {call}: ask for the second factor there, or say in PLACES of {__name__} "
        "that it is asked for")
