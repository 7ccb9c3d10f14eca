"""Creates categories and articles of the knowledge base."""

from database import db, transaction
from domain import inputs
from domain.support.knowledge import article_categories, articles
from models.article import Article
from tests import cast


def make_category(merchant_id, name="Billing", *, actor=None, **more):
    with transaction():
        new = inputs.parse(article_categories.CategoryInput, {"name": name, **more})
        return article_categories.create(actor or cast.actor_for(merchant_id), new).id


def make_article(merchant_id, title="How to read your invoice", content="Each **line** has its own tax.", *,
                 actor=None, status="published", **more):
    sent = {"title": title, "content": content, "status": status, **more}
    with transaction():
        return articles.create(
            actor or cast.actor_for(merchant_id), inputs.parse(articles.ArticleInput, sent)).id


def change(key, **changes):
    """Change an article as its merchant's staff does."""
    act(key, lambda own, row: articles.update(own, row, inputs.changes(articles.ArticleInput, changes)))


def act(key, run):
    with transaction():
        article = db.session.get(Article, key)
        who = cast.actor_for(article.merchant_id).in_world(test=article.test)
        return run(*articles.LISTING.lock(who, key))


def stored(key):
    db.session.expire_all()
    return db.session.get(Article, key)
