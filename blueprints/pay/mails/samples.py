"""Makes what previews of mails are about: an order, its payments and a quote that no table has."""

from datetime import timedelta
from decimal import Decimal

from blueprints.pay.brand import Seller
from blueprints.pay.mails import (
    invoice_mails,
    key_mails,
    merchant_mails,
    order_mails,
    security_mails,
    sign_in_mails,
    ticket_mails,
)
from blueprints.pay.mails.message import Message
from blueprints.pay.mails.order_mails import TO_PAY, Case
from domain import clock
from domain.people.logins.customer_notices import PASSWORD_CHANGED
from domain.people.merchant_mails import (
    CARD,
    CARD_EXPIRES,
    CONFIRM,
    DISPUTED,
    FAILED,
    INVITATION,
    INVOICE_CONFIRM,
    INVOICE_PAID,
    KEY_LEAKED,
    QUOTE_ANSWERED,
    REMINDER,
    SECURITY,
    TICKET_ANSWER,
    TICKET_REPLIED,
)
from domain.people.merchant_readers import readers_of
from domain.support.ticket_status import MEDIUM
from models.budget import Budget
from models.budget_link import Answer, BudgetLink
from models.credential import Credential, Mode
from models.customer import Customer
from models.invoice import Invoice
from models.merchant import Merchant
from models.money import to_minor
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import Dispute, Payment, PaymentStatus
from models.payment_method import PaymentMethod
from models.ticket import AuthorType, Department, Ticket, TicketReply

COMING = frozenset({REMINDER, CARD_EXPIRES})
CUSTOMER, EMAIL = "Ada Lovelace", "ada@example.org"
COMPANY = "Analytical Engines Ltd"
CODE, IP = "482913", "203.0.113.9"
PRICE, TAX = 30, 5                           # in whole units of the merchant's currency
MONTH = timedelta(days=30)


def message(name: str, merchant: Merchant, who: Seller, base: str) -> Message:
    """A mail of this kind; each kind has a sample."""
    to = readers_of(merchant) or [who.email or ""]
    if name in (QUOTE_ANSWERED, *key_mails.KINDS):
        return _mail_to_merchant(name, merchant, who, to, base)
    if name in ticket_mails.KINDS:
        return _ticket_mail(name, merchant, who, to, base)
    if name in (*sign_in_mails.KINDS, *security_mails.KINDS):
        return _sign_in_mail(name, who, f"{base}/client")
    if name in invoice_mails.WRITERS:
        return _invoice_mail(name, merchant, who, base)
    case = _case(name, merchant, who, base)
    if name == DISPUTED:
        assert case.dispute is not None
        assert case.payment is not None
        return merchant_mails.disputed(case.dispute, case.payment, who, to, base)
    written = order_mails.WRITERS[name](case)
    assert written is not None, f"the sample of {name} is about nothing"
    return written


def _mail_to_merchant(name: str, merchant: Merchant, who: Seller, to: list[str], base: str) -> Message:
    if name == QUOTE_ANSWERED:
        return merchant_mails.quote_answered(_link(merchant), who, to, base)
    write = key_mails.leaked if name == KEY_LEAKED else key_mails.expires
    return write(_key(merchant), who, to, base)


def _sign_in_mail(name: str, who: Seller, area: str) -> Message:
    link = f"{area}/link/sample"
    if name == SECURITY:
        return security_mails.notice(
            who, change=PASSWORD_CHANGED, to=EMAIL, name=CUSTOMER, customer=COMPANY, ip=IP, at=clock.now(),
            link=f"{area}/sign-in/sample")
    if name == INVITATION:
        return sign_in_mails.invitation(who, customer=COMPANY, email=EMAIL, name=CUSTOMER, link=link)
    return sign_in_mails.sign_in(who, name=CUSTOMER, email=EMAIL, code=CODE, link=link, ip=IP)


def _invoice_mail(name: str, merchant: Merchant, who: Seller, base: str) -> Message:
    """An invoice that is open, or was paid."""
    today, total = clock.now().date(), _minor(PRICE + TAX, merchant)
    is_paid = name == INVOICE_PAID
    invoice = Invoice(
        id=1, merchant_id=merchant.id, test=False, number="INV-000042", currency=merchant.currency,
        total_minor=total, paid_minor=total if is_paid else 0, credited_minor=0, customer_name=CUSTOMER,
        customer_email=EMAIL, issue_on=today - MONTH, due_on=today - timedelta(days=3),
    )
    payment = Payment(
        amount_minor=total, currency=merchant.currency, payment_method=PaymentMethod(label="Visa ending in 4242"),
        status=PaymentStatus.REQUIRES_ACTION if name == INVOICE_CONFIRM else PaymentStatus.APPROVED)
    written = invoice_mails.WRITERS[name](invoice_mails.Case(
        invoice=invoice, who=who, link=f"{base}/pay/sample", payment=payment))
    assert written is not None, f"the sample of {name} is about nothing"
    return written


def _ticket_mail(name: str, merchant: Merchant, who: Seller, staff: list[str], base: str) -> Message:
    """A ticket that was asked and answered."""
    now = clock.now()
    ticket = Ticket(
        id=1, number="TKT-A3F7B2C1", subject="Where is my Candle Club box?", message="It should have come on Monday.",
        priority=MEDIUM, author_type=AuthorType.CLIENT, author_name=CUSTOMER, sender=EMAIL, mail_token="2" * 26,
        department=Department(number=1, name="Support", email=None), customer=Customer(name=CUSTOMER, email=EMAIL),
        created_at=now,
    )
    reply = TicketReply(
        author_type=AuthorType.CLIENT if name == TICKET_REPLIED else AuthorType.STAFF,
        author_name=CUSTOMER if name == TICKET_REPLIED else "Grace Hopper",
        message="Do you know more?" if name == TICKET_REPLIED else "It is on its way.\nYou will have it tomorrow.",
    )
    has_reply = name in (TICKET_ANSWER, TICKET_REPLIED)
    to = ", ".join(staff) if name in ticket_mails.FOR_STAFF else EMAIL
    case = ticket_mails.Case(
        ticket=ticket, who=who, to=to, link=f"{base}/admin/tickets/1", reply=reply if has_reply else None,
        author=reply.author_name if has_reply else CUSTOMER,
    )
    return ticket_mails.WRITERS[name](case, merchant, {})


def _minor(units: int, merchant: Merchant) -> int:
    return to_minor(Decimal(units), merchant.currency)


def _case(name: str, merchant: Merchant, who: Seller, base: str) -> Case:
    """An order of a monthly box, whose payment is in the state that the mail is about."""
    now, price = clock.now(), _minor(PRICE, merchant)
    card = PaymentMethod(label="Visa ending in 4242")
    order = Order(
        id=1042, merchant_id=merchant.id, test=False, currency=merchant.currency, description="Candle Club",
        customer_name=CUSTOMER, customer_email=EMAIL, payment_method=card, items=[],
    )
    is_failed = name in (FAILED, CARD)
    row = ScheduledPayment(
        order_id=order.id, sequence=1, currency=order.currency, amount_minor=price, paid_minor=0,
        tax_minor=_minor(TAX, merchant), due_at=now + timedelta(days=5) if name in COMING else now,
        status=ScheduledStatus.SOFT_DECLINED if is_failed else ScheduledStatus.SCHEDULED,
        collect_at=now + timedelta(days=1) if is_failed else None,
    )
    payment = Payment(
        id=1, order=order, currency=order.currency, amount_minor=price, payment_method=card, created_at=now,
        status=PaymentStatus.REQUIRES_ACTION if name == CONFIRM else PaymentStatus.APPROVED,
        message="Your card has insufficient funds." if is_failed else None,
    )
    following = ScheduledPayment(amount_minor=price, due_at=now + MONTH)
    dispute = Dispute(
        currency=order.currency, amount_minor=price, reason="The customer does not recognise the payment.")
    page = "pay" if name in TO_PAY else "order"
    return Case(
        order=order, who=who, link=f"{base}/{page}/sample", row=row, payment=payment, following=following,
        dispute=dispute,
    )


def _key(merchant: Merchant) -> Credential:
    """A key that expires in two weeks, or has leaked."""
    return Credential(
        id=1, merchant_id=merchant.id, name="Web shop", prefix="bk_live_jasT", last_four="WnRk", mode=Mode.LIVE,
        expires_at=clock.now() + timedelta(days=14), leaked_at=clock.now(),
        leak_url="https://git.example.org/shop/settings.py")


def _link(merchant: Merchant) -> BudgetLink:
    """A quote that was accepted."""
    budget = Budget(
        id=231, merchant_id=merchant.id, currency=merchant.currency, total_minor=_minor(PRICE * 40, merchant),
        customer_name=CUSTOMER, customer_email=EMAIL,
    )
    return BudgetLink(
        budget=budget, answer=Answer.ACCEPTED, answered_by=CUSTOMER, answered_at=clock.now(),
        comment="We would like to begin in March.",
    )
