"""A listing whose search finds rows that have all words of what was typed, by the index of words of its table."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement

from database import word_index
from domain.actor import Actor
from domain.listing import Listing
from domain.pages import Query


@dataclass(frozen=True, kw_only=True)
class WordListing(Listing):
    """A listing of a table with `search_text` and `search_grams`."""

    def _values(self, query: Query) -> dict[str, Any]:
        return super()._values(replace(query, search="")) | word_index.values(word_index.words_of(query.search))

    def _shape(self, actor: Actor, query: Query) -> tuple[Any, ...]:
        return *super()._shape(actor, query), word_index.shape(word_index.words_of(query.search))

    def _clauses(self, actor: Actor, query: Query, newest: int | None = None) -> list[ColumnElement[bool]]:
        found = super()._clauses(actor, replace(query, search=""))
        return [*found, *word_index.clauses(self.model, word_index.words_of(query.search))]
