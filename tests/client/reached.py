"""Rows of a customer, of a neighbour, of a customer of another merchant, and of one of the other world."""

from sqlalchemy import text

from database import db, transaction
from domain import clock, inputs
from domain.hosting import services
from models.order import Order
from models.payment_method import PaymentMethod
from tests import cast
from tests.announced import make_announcement
from tests.articles import make_article
from tests.invoicing import credit, line, make_issued
from tests.ticketed import make_customers, make_file

CANARY = "canary"
# Which rows the addresses name: for each endpoint, the kind of row of each part.
OTHERS = {
    "invoice": {"key": "invoice"}, "invoice_pdf": {"key": "invoice"}, "invoice_xml": {"key": "invoice"},
    "credit_note_pdf": {"key": "credit_note"}, "ticket": {"key": "ticket"}, "answer_question": {"key": "ticket"},
    "act_on_ticket": {"key": "ticket"}, "ticket_file": {"key": "ticket", "file": "file"},
    "service": {"key": "service"}, "ask_cancel_service": {"key": "service"}, "cancel_service": {"key": "service"},
    "keep_service": {"key": "service"}, "ask_change_plan": {"key": "service"}, "change_plan": {"key": "service"},
    "keep_plan": {"key": "service"}, "remove_card": {"key": "card"}, "remove_user": {"key": "user"},
    "article": {"slug": "article"}, "rate_article": {"slug": "article"},
}
PLACES = {"invoice": "invoices", "credit_note": "credit-notes", "ticket": "tickets", "service": "services",
          "article": "help"}
UNWATCHED = ("form_tokens", "customer_sessions", "outbox_tasks")


def everything():
    """Every row of every business table, as text."""
    db.session.rollback()
    names = [name for name in db.metadatas[None].tables if name not in UNWATCHED]
    return {name: str(sorted(map(str, db.session.execute(text(f"SELECT * FROM {name}"))))) for name in names}


def make_service(who, customer, product, **more):
    """The id of an active service."""
    sent = {"customer_id": customer, "product_id": product, "status": "active", **more}
    with transaction():
        return services.create(who, inputs.parse(services.ServiceInput, sent)).id


def make_card(who, customer, label="Visa ending in 4242", order_id=None):
    """The id of a kept card, with which the order is paid if one is named."""
    with transaction():
        now = clock.now()
        method = PaymentMethod(
            **who.ownership(), customer_id=customer, gateway="stripe", token=f"pm_{label}", label=label,
            created_at=now, updated_at=now, version=1)
        db.session.add(method)
        db.session.flush()
        if order_id is not None:
            db.session.get(Order, order_id).payment_method_id = method.id
        return method.id


class World:
    """The rows, by whose they are and of which kind."""

    def __init__(self, alder, birch, ada):
        test = cast.actor_for(alder).in_world(test=True)
        people = {
            "own": (alder, ada, False),
            "neighbour": (alder, cast.make_customer(alder, "Canary Bea", email="bea@example.org"), False),
            "abroad": (birch, cast.make_customer(birch, "Canary Cleo", email="cleo@example.org"), False),
            "other_world": (
                alder, cast.make_customer(alder, "Canary Tess", actor=test, email="tess@example.org"), True),
        }
        self.found = {whose: self.made(whose, *given) for whose, given in people.items()}

    def made(self, whose, merchant, customer, test):
        said = whose if whose == "own" else CANARY
        lines = [line("100", description=f"{said} lamps")]
        credited = make_issued(merchant, customer, lines, test=test, notes=said)
        ticket = make_customers(merchant, customer, test=test, subject=f"{said} question", message=said)
        who = cast.actor_for(merchant).in_world(test=test)
        product = cast.make_product(
            merchant, f"{said} hosting", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH",
            scheduled_interval=1, actor=who)
        make_announcement(merchant, f"{said} news", actor=who, customer_ids=[customer])
        # A neighbour reads the articles that the customer reads, too: here it is a draft, which nobody reads.
        slug, status = f"{whose.replace('_', '-')}-article", "draft" if whose == "neighbour" else "published"
        make_article(merchant, f"{said} article", actor=who, slug=slug, status=status)
        return {
            "article": slug, "service": make_service(who, customer, product), "ticket": ticket,
            "file": make_file(ticket, f"{said}.txt"), "card": make_card(who, customer, f"{said} Visa"),
            "user": cast.make_customer_user(customer, f"{said}@{whose.replace('_', '-')}.example", said, actor=who),
            "invoice": make_issued(merchant, customer, lines, test=test, notes=said),
            "credit_note": credit(credited, reason=said, test=test),
        }

    def rows(self, whose, endpoint):
        """The ids that an address of this endpoint names."""
        return {part: self.found[whose][kind] for part, kind in OTHERS[endpoint].items()}

    @staticmethod
    def mixed(theirs, mine):
        """Where an address names several rows: each of theirs beside each of one's own."""
        return [mine | {part: theirs[part]} for part in theirs] if len(theirs) > 1 else []

    @property
    def marks(self):
        """Links to rows that are others'."""
        found = [(PLACES[kind], key) for whose, kinds in self.found.items() if whose != "own"
                 for kind, key in kinds.items() if kind in PLACES]
        return [f'href="/client/{place}/{key}{end}' for place, key in found for end in ('"', ".")]
