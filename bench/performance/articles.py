"""Measures the search of articles in a knowledge base of 10,000, of about 300 words each.

Words are drawn as in a language: few of them are in nearly every article, most in hardly any. Time is the CPU time
of one process for a search as customers make it, with the articles that are shown; the median of some rounds.
Nothing is cached: before each round an article is viewed.
"""

import random
import time
from collections.abc import Callable
from statistics import median

from sqlalchemy import insert

from app import create_app
from bench.figures import Figure
from bench.installation import Installation, installation
from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.pages import Query
from domain.permissions import EVERYTHING
from domain.support.knowledge import articles, knowledge_base, suggestions
from models.article import Article, ArticleStatus

ARTICLES = 10_000
VOCABULARY = 20_000
WORDS = 300                             # of an article
BATCH = 500
ROUNDS = 15
SLOWEST = 20.0                          # milliseconds
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"


def vocabulary(chance: random.Random) -> list[str]:
    """Different words of 2 to 12 letters."""
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        found["".join(chance.choices(LETTERS, weights=range(len(LETTERS), 0, -1), k=chance.randint(2, 12)))] = None
    return list(found)


def populate(merchant_id: int, count: int, words: list[str], chance: random.Random) -> None:
    """Published articles, in batches."""
    now, weights = clock.now(), [1 / rank for rank in range(1, len(words) + 1)]
    for start in range(0, count, BATCH):
        rows = []
        for number in range(start, min(start + BATCH, count)):
            drawn = chance.choices(words, weights=weights, k=WORDS)
            text = " ".join(drawn)
            rows.append({
                "merchant_id": merchant_id, "test": False, "slug": f"article-{number}", "title": " ".join(drawn[:6]),
                "status": ArticleStatus.PUBLISHED, "published_at": now, "views": chance.randrange(1000), "helped": 0,
                "not_helped": 0, "text_number": 1, "written_by": "bench", "written_at": now, "version": 1,
                "created_at": now, "updated_at": now, "content": text, "plain_text": text,
            })
        with transaction() as session:
            session.execute(insert(Article), rows)


def timed(actor: Actor, ask: Callable[[], object], rounds: int) -> float:
    """Milliseconds of CPU, the median."""
    times = []
    for _ in range(rounds):
        with transaction():
            knowledge_base.count_view(actor, 1)
        began = time.process_time()
        ask()
        times.append(time.process_time() - began)
        db.session.rollback()
    return median(times) * 1000


def measured(here: Installation, count: int, rounds: int) -> list[tuple[str, float]]:
    """What is asked, and how long it takes."""
    chance = random.Random(11)
    words = vocabulary(chance)
    actor = Actor(label="bench", merchant_ids=frozenset({here.merchant_id}), scopes=EVERYTHING)
    populate(here.merchant_id, count, words, chance)
    long = [word for word in words if len(word) > 5]
    asked = {
        "a word of every other article": long[30], "a rare word": long[-1], "two words": f"{long[30]} {long[60]}",
        "a part that every article has": long[3][1:5], "a word that is nowhere": "qqqqzzzz", "nothing": "",
    }
    found = [
        (name, timed(actor, lambda text=text: knowledge_base.shown(     # type: ignore[misc]
            knowledge_base.search(actor, text, limit=20), text), rounds))
        for name, text in asked.items()
    ]
    query = Query(search=f"{long[30]} {long[60]}", limit=25)
    question = " ".join(long[rank] for rank in (3, 30, 60, 300, 2000, 5000))
    return [
        *found, ("in the list of staff", timed(actor, lambda: articles.LISTING.page(actor, query), rounds)),
        ("suggestions for a question", timed(actor, lambda: suggestions.suggest(actor, question), rounds)),
    ]


def run(count: int = ARTICLES, rounds: int = ROUNDS) -> list[Figure]:
    with installation(product_count=0) as here:
        app = create_app(here.settings, sink=lambda record: None)
        with app.app_context():
            found = measured(here, count, rounds)
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()
    slow = max(found, key=lambda one: one[1])
    return [
        Figure("articles", f"search of {count:,} articles: {name}", f"{ms:.1f} ms", "-", f"<= {SLOWEST:.0f} ms",
               ms <= SLOWEST)
        for name, ms in found
    ] + [Figure("articles", "the slowest of them", f"{slow[1]:.1f} ms ({slow[0]})", "-", f"<= {SLOWEST:.0f} ms",
                slow[1] <= SLOWEST)]


if __name__ == "__main__":
    from rich.console import Console

    from bench.figures import show
    show(run(), Console())
