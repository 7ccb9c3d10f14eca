"""What the test bank does with a charge: by the name of the payment method, or by the amount's last two digits."""

from enum import StrEnum


class Fault(StrEnum):
    OK = "ok"
    SOFT = "soft"
    SOFT_THEN_OK = "soft_then_ok"            # the first try of each payment is declined
    HARD = "hard"
    ANSWER_LOST = "answer_lost"              # booked, and the answer is lost
    REQUEST_LOST = "request_lost"            # the first request never arrives
    NOTIFY_FIRST = "notify_first"            # the notification comes before the answer
    NOTIFY_THRICE = "notify_thrice"
    NOTIFY_LATE = "notify_late"              # a day late
    REFUND_FAILS = "refund_fails"
    DISPUTE = "dispute"                      # after five days
    DOWN_HOUR = "down_hour"                  # for an hour from the first request on
    WRONG_AMOUNT = "wrong_amount"            # reports 100 times the amount
    REQUIRES_ACTION = "requires_action"


EXPIRING = "test_expiring"                   # approved as long as it is asked
METHODS = {
    "test_ok": Fault.OK,
    "test_soft_decline": Fault.SOFT,
    "test_hard_decline": Fault.HARD,
    "test_soft_then_ok": Fault.SOFT_THEN_OK,
    "test_requires_action": Fault.REQUIRES_ACTION,
    "test_answer_lost": Fault.ANSWER_LOST,
    "test_request_lost": Fault.REQUEST_LOST,
    "test_notify_first": Fault.NOTIFY_FIRST,
    "test_notify_thrice": Fault.NOTIFY_THRICE,
    "test_notify_late": Fault.NOTIFY_LATE,
    "test_down_hour": Fault.DOWN_HOUR,
    EXPIRING: Fault.OK,
}
BY_AMOUNT = "test_by_amount"
AMOUNTS = {
    51: Fault.SOFT, 52: Fault.SOFT_THEN_OK, 53: Fault.HARD, 54: Fault.ANSWER_LOST, 55: Fault.REQUEST_LOST,
    56: Fault.NOTIFY_FIRST, 57: Fault.NOTIFY_THRICE, 58: Fault.NOTIFY_LATE, 59: Fault.REFUND_FAILS,
    60: Fault.DISPUTE, 61: Fault.DOWN_HOUR, 62: Fault.WRONG_AMOUNT, 63: Fault.REQUIRES_ACTION,
}
TITLES = {
    "test_ok": "Approve", "test_soft_decline": "Decline: not enough money", "test_hard_decline": "Decline: card stolen",
    "test_soft_then_ok": "Decline the first try of each payment", "test_requires_action": "Ask for one more step",
    "test_answer_lost": "Approve, and lose the answer", "test_request_lost": "Lose the first request",
    "test_notify_first": "Notify before the answer", "test_notify_thrice": "Notify three times",
    "test_notify_late": "Notify a day late", "test_down_hour": "Be unavailable for an hour",
    EXPIRING: "Approve, with a card that expires today",
    BY_AMOUNT: "Decide by the amount's last two digits",
}


def fault_of(method: str, amount_minor: int) -> Fault | None:
    """What happens to a charge; None for a method that does not exist."""
    if method == BY_AMOUNT:
        return AMOUNTS.get(amount_minor % 100, Fault.OK)
    return METHODS.get(method)
