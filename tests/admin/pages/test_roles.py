"""The page of roles says what the guards of all pages obey."""

import re
from html import unescape

import pytest

from blueprints.pages.shell import ROLES
from domain.permissions import EVERYTHING, KEY_PERMISSIONS, ROLE_PERMISSIONS, ROLE_SCOPES
from models.user import Role


def shown(page):
    """The words of each role by area."""
    head, *lines = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    roles = [unescape(one) for one in re.findall(r'<th scope="col">([^<]*)</th>', head)[1:]]
    found = {}
    for line in lines:
        area = unescape(re.search(r"<b>([^<]*)</b>", line)[1])
        cells = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td class=.wide. data-l=[^>]*>(.*?)</td>", line)]
        found[area] = dict(zip(roles, cells, strict=True))
    return found


def test_every_scope_of_roles_is_in_one_line():
    named = [scope for one in ROLE_PERMISSIONS for scope in one.scopes("write") if scope in EVERYTHING]
    webhooks = {scope for one in KEY_PERMISSIONS if one.single for scope in one.scopes("write")}
    assert sorted([*named, *webhooks]) == sorted(EVERYTHING)


@pytest.mark.parametrize("role", list(Role))
def test_the_words_are_those_of_the_scopes(admin, role):
    found = shown(admin.get("/admin/users/roles").text)
    assert len(found) == len(ROLE_PERMISSIONS)
    for one in ROLE_PERMISSIONS:
        said, scopes = found[one.title][ROLES[role]], ROLE_SCOPES[role]
        writes = bool({f"WRITE_{one.name}", one.name} & scopes)
        assert (said in ("Read and write", "Yes")) == writes, one.title
        assert (said == "Read") == (f"READ_{one.name}" in scopes and not writes), one.title


def test_what_a_role_may_do_is_linked_where_it_is_chosen(admin):
    assert 'href="/admin/users/roles"' in admin.get("/admin/users/new").text
    assert 'href="/admin/users/roles"' in admin.get("/admin/users").text


def test_only_who_may_see_users_sees_it(signed_in, alder):
    assert signed_in("normal_user", [alder]).get("/admin/users/roles").status_code == 403
