"""What somebody who signs in by a second factor has: an authenticator app, and recovery codes."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from database import SECRET


class RecoveryCode:
    """A code for who has lost the app. It works once; here is only its digest. `said` begins what is digested."""

    said: ClassVar[str]

    if TYPE_CHECKING:
        id: Mapped[int]
        owner_id: Mapped[int]

    digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)
    used_at: Mapped[datetime | None]


class SecondFactor:
    """The columns of the authenticator app. `recovery_codes` is the table of the codes of its owners."""

    recovery_codes: ClassVar[type[RecoveryCode]]

    if TYPE_CHECKING:
        id: Mapped[int]

    totp_secret: Mapped[str | None] = mapped_column(String(255), info=SECRET)       # encrypted
    totp_step: Mapped[int | None] = mapped_column(info=SECRET)           # of the last code, in half minutes since 1970
    two_factor_at: Mapped[datetime | None]                               # since when a code is asked for
