"""Creates the demonstration's knowledge base and announcements."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.actor import Actor
from domain.support import announcements
from domain.support.announcements import AnnouncementInput
from domain.support.knowledge import article_categories, articles
from domain.support.knowledge.article_categories import CategoryInput
from domain.support.knowledge.articles import ArticleInput
from models.announcement import AnnouncementStatus
from models.article import Article, ArticleStatus
from operations.demo.moments import at

CATEGORIES = {
    "Invoices and payments": "How you are billed, and how to pay.",
    "Orders and deliveries": "What you ordered, and where it is.",
    "API and keys": "For the people who write your programs.",
}


@dataclass(frozen=True, slots=True)
class Text:
    """An article of so many days ago, how often it was read, and for how many customers it was useful or not."""

    days: int
    category: str
    title: str
    content: str
    views: int = 0
    helped: tuple[int, int] = (0, 0)
    draft: bool = False
    before: str = ""                    # its first text, if it was changed


TEXTS = (
    Text(80, "Invoices and payments", "How to read your invoice", """\
Every invoice has a **number**, a day on which it was issued and a day until which it is due.

## The lines

| Column | What it says |
|--------|--------------|
| Quantity | How many, or how much of a period |
| Price | Of one, without tax |
| Tax | The rate that applies where you are |

A discount on the whole is spread over all lines, so that each keeps its own tax.

## Something is wrong

An issued invoice never changes. If a line is wrong, we send a *credit note* over that line.
""", 412, (37, 3), before="Every invoice has a number and a day until which it is due."),
    Text(76, "Invoices and payments", "Ways to pay", """\
* **By card**: open the link in the mail of the invoice. Your bank may ask you to confirm the payment.
* **By bank transfer**: the account and the reference are on the invoice. Please write the reference exactly as it is.
* **From your balance**: what you paid too much is used for the next invoice.

A transfer takes one or two working days. Until then the invoice is shown as open.
""", 298, (21, 2)),
    Text(60, "Invoices and payments", "When a card payment is declined", """\
Nothing is lost: the order stays, and we try again after 1, 3, 5 and 7 days.

1. Open the link in the mail about the payment.
2. Check the card: has it expired, or is there a limit for payments on the internet?
3. Enter another card if you like. It is charged at once.

> A bank does not tell us why it declines. Ask your bank if the card looks right.
""", 185, (12, 4)),
    Text(70, "Orders and deliveries", "Change or cancel a subscription", """\
You can change a subscription at any time, **now** or **at the end of the period**.

* A larger plan from now on: you pay the difference for the days that are left.
* A smaller plan from now on: the difference is put on your balance.
* Cancelling: it runs until the end of the period that was paid for.
""", 240, (19, 1)),
    Text(52, "Orders and deliveries", "Where is my order?", """\
You get a mail when your parcel leaves us, with the number of the carrier.

Inland it takes *2 to 3 working days*, abroad up to ten. Ask us if nothing has come by then, and name the order.
""", 167, (9, 2)),
    Text(66, "API and keys", "Make your first call", """\
Create a key in the dashboard and send it with each call:

```
curl https://api.example.com/v1/api/public/products \\
  -H "X-API-Key: bk_live_…"
```

Keys that begin with `bk_test_` see the test world only. Nothing there costs money.
""", 133, (11, 0)),
    Text(30, "API and keys", "What to do about 429 answers", """\
`429` says that the calls of this hour are used up. The header `Retry-After` says after how many seconds to try again.

* Ask for 100 rows at once instead of one after the other.
* Keep what does not change, and send `If-None-Match`.
* Ask us for a higher limit if that is not enough.
""", 94, (6, 1)),
    Text(3, "Orders and deliveries", "Returns at the turn of the year", """\
To be checked by Ines before it is published: are the 30 days longer for orders of December?
""", draft=True),
)
HOURS = timedelta(hours=2)


def fill(admin: Actor, now: datetime) -> None:
    """The categories, the articles and some announcements."""
    keys = {}
    with at(now - timedelta(days=84)):
        for name, description in CATEGORIES.items():
            keys[name] = article_categories.create(admin, CategoryInput(name=name, description=description)).id
    for one in TEXTS:
        with at(now - timedelta(days=one.days)):
            row = articles.create(admin, ArticleInput(
                category_id=keys[one.category], title=one.title, content=one.before or one.content,
                status=ArticleStatus.DRAFT if one.draft else ArticleStatus.PUBLISHED))
        if one.before:
            with at(now - timedelta(days=one.days) + HOURS):
                articles.update(admin, row, {"content": one.content})
        _read(row, one)
    _announce(admin, now)


def _read(row: Article, one: Text) -> None:
    """What readers left: no change of the article."""
    row.views, (row.helped, row.not_helped) = one.views, one.helped


def _announce(admin: Actor, now: datetime) -> None:
    """News of the past, and one that is planned."""
    news = (
        (40, "Invoices now come as e-invoices, too", AnnouncementStatus.PUBLISHED,
         "The PDF of every invoice has the machine-readable XML of **EN 16931** inside. You need not do anything."),
        (9, "Closed between the years", AnnouncementStatus.PUBLISHED,
         "From 24 December to 1 January nobody answers questions. Orders, payments and the API work as always."),
        (20, "A shorter way to the API reference", AnnouncementStatus.WITHDRAWN, "It is under `/docs` now."),
        (-6, "Maintenance on Sunday night", AnnouncementStatus.PUBLISHED,
         "From **02:00 to 03:00 UTC** the dashboard is not available. The API answers."),
    )
    for days, title, status, content in news:
        when = now - timedelta(days=days)
        with at(min(when, now)):
            announcements.create(admin, AnnouncementInput(
                title=title, content=content, status=status, published_at=when))
