"""Shows what each role may do."""

from typing import Any

from flask import render_template

from blueprints.pages.session import need
from blueprints.pages.shell import ROLES
from domain.permissions import EVERYTHING, ROLE_PERMISSIONS, ROLE_SCOPES, Permission
from models.user import Role

LEVELS = {"none": "–", "read": "Read", "write": "Read and write"}


def register(bp: Any) -> None:
    """Register the page's address."""
    bp.add_url_rule("/users/roles", "users_roles", need("READ_USERS")(show), methods=["GET"])


def show() -> str:
    """A line for each noun, a column for each role."""
    rows = [(one, [level_of(one, role) for role in ROLES]) for one in ROLE_PERMISSIONS]
    return render_template("admin/roles.html", roles=list(ROLES.values()), rows=rows)


def level_of(permission: Permission, role: Role) -> str:
    """What a role may do with a noun: where nothing can be read, or only read, in a word of its own."""
    level = permission.level(ROLE_SCOPES[role])
    is_whole = permission.single or f"READ_{permission.name}" not in EVERYTHING
    return "Yes" if is_whole and level == "write" else LEVELS[level]
