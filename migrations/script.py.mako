"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade(bind_name: str) -> None:
    {"default": upgrade_default, "log": upgrade_log}[bind_name]()


def downgrade(bind_name: str) -> None:
    {"default": downgrade_default, "log": downgrade_log}[bind_name]()
% for name in ("default", "log"):


def upgrade_${name}() -> None:
    ${context.get(name + "_upgrades", "pass")}


def downgrade_${name}() -> None:
    ${context.get(name + "_downgrades", "pass")}
% endfor
