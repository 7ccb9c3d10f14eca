"""Sample articles for the API reference."""

from datetime import UTC, datetime

from domain.resource import Sample
from models.article import ArticleStatus

WRITTEN_AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
VERSION = {
    "number": 1, "title": "Read your invoice", "content": "Each line has its own tax.",
    "written_by": "grace@example.org", "written_at": WRITTEN_AT,
}
ARTICLE = Sample(
    sent={
        "merchant_id": 1, "category_id": 1, "title": "How to read your invoice",
        "content": "Each **line** has its own tax.", "status": ArticleStatus.DRAFT,
    },
    read_only={
        "slug": "how-to-read-your-invoice", "published_at": WRITTEN_AT, "views": 128, "helped": 12, "not_helped": 1,
        "text_number": 2, "written_by": "grace@example.org", "written_at": WRITTEN_AT, "category_name": "Billing",
    },
    changed=("title",),
)
