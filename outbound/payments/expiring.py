"""Asks gateways whether cards expire before the next payment: the worker's part."""

import logging

from database import db, transaction
from domain import clock
from domain.payments.collecting import expiring
from domain.payments.gateways import NoAnswer, registry

log = logging.getLogger("countinghouse.collecting")


def ask_due(limit: int = 20) -> bool:
    """Ask about some cards, each outside of any transaction. True while more may be due."""
    keys = expiring.to_ask(clock.now(), limit)
    db.session.rollback()
    for key in keys:
        ask(key)
    return len(keys) == limit


def ask(method_id: int) -> None:
    """Ask about one card, and mail its customer where it expires too early; without an answer again tomorrow."""
    now = clock.now()
    with transaction():
        taken = expiring.take(method_id, now)
    if taken is None:
        return
    name, token, account = taken
    last_day, is_known = None, True
    try:
        last_day = registry.get(name).valid_until(account, token, now)
    except NoAnswer:
        is_known = False
    except Exception:
        log.exception("a gateway could not be asked about a card")
        is_known = False
    with transaction():
        if not is_known:
            expiring.unanswered(method_id, now)
        elif last_day is not None:
            expiring.tell(method_id, last_day, now)
