"""Finds rows that have all words of a text, in any order and as parts of words, by an index of trigrams.

A table that is searched like this has two columns: `search_text`, its folded texts (text_keys.py), and
`search_grams`. On PostgreSQL the latter holds the trigrams of `search_text` as a tsvector under a GIN index. On
SQLite it stays empty: an FTS5 table named `<table>_words`, which the migration makes with its triggers, holds them.
A word of one or two characters has no trigram: such words are compared with the texts of what the others find.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Text,
    bindparam,
    case,
    cast,
    column,
    event,
    func,
    inspect,
    literal_column,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Mapper, mapped_column

from database import Model, db
from database.searching import containing, fold, like
from database.text_keys import key_of

GRAM = 3                            # characters
MOST_GRAMS = 60_000                 # of a row: PostgreSQL keeps less than a megabyte of them
MOST_WORDS = 8                      # of a search; further ones are not looked for
LONGEST_WORD = 60
SUFFIX = "_words"                   # ends the name of SQLite's index


def words_of(text: str) -> tuple[str, ...]:
    """The different words of a search, folded; none for a text in which nothing can be seen."""
    found = dict.fromkeys(word[:LONGEST_WORD] for word in fold(text.replace("\x00", " ")).split())
    return tuple(found)[:MOST_WORDS]


def shape(words: Sequence[str]) -> tuple[Any, ...]:
    """What the text of a statement depends on: the database, how many words, and which of them are short."""
    return db.engine.dialect.name, *(len(word) < GRAM for word in words)


def values(words: Sequence[str]) -> dict[str, Any]:
    """The values of `clauses` and `hits`."""
    found: dict[str, Any] = {f"word_{place}": containing(word) for place, word in enumerate(words)}
    found |= {f"part_{place}": word for place, word in enumerate(words)}
    found |= {f"match_{place}": _quoted_text(word) for place, word in enumerate(words)}
    long = [word for word in words if len(word) >= GRAM]
    if long:
        found["word_match"] = _match(long)
    return found


def bound(place: int) -> Any:
    """The pattern of the word at this position, as `values` binds it."""
    return bindparam(f"word_{place}")


def is_exact() -> bool:
    """Whether the index knows the order of trigrams. A tsvector does not, so that the texts are compared besides."""
    return db.engine.dialect.name == "sqlite"


def clauses(model: Any, words: Sequence[str], *, rough: bool = False) -> list[ColumnElement[bool]]:
    """The clauses of rows that have all the words; rough ones are true for a few others, and read no texts."""
    found = [
        like(model.search_text, bound(place))
        for place, word in enumerate(words) if len(word) < GRAM or not (rough or is_exact())
    ]
    return [_indexed(model), *found] if any(len(word) >= GRAM for word in words) else found


def matches(model: Any, words: Sequence[str], columns: Sequence[Any]) -> Any:
    """The rows that the index finds, with these columns, as a table of its own; None where no word is long enough.

    On PostgreSQL the index is asked by itself, and nothing is joined, since the planner knows neither what it costs to
    read the trigrams of a row without the index nor, in a table that has just grown, how many rows there are.
    """
    if not any(len(word) >= GRAM for word in words):
        return None
    if db.engine.dialect.name != "sqlite":
        return select(*columns).where(_has_grams(model)).cte("matches").prefix_with("MATERIALIZED")
    name = f"{model.__tablename__}{SUFFIX}"
    index = table(name, column("rowid"))
    # Not a rowid as it is: SQLite would look up each row of the table in the index, and match the words each time.
    return select(*columns).join_from(index, model, index.c.rowid + 0 == model.id).where(
        literal_column(name).op("MATCH")(bindparam("word_match"))).subquery()


def _indexed(model: Any) -> ColumnElement[bool]:
    """The clause of rows that the index finds for `word_match`."""
    if db.engine.dialect.name == "sqlite":
        rows = _matched(model, "word_match")
        # Not a look-up of each row that the index finds: those would have to be sorted, with their long texts.
        return (model.id + 0).in_(rows)  # type: ignore[no-any-return]
    return _has_grams(model)


def _has_grams(model: Any) -> ColumnElement[bool]:
    return model.search_grams.op("@@")(cast(bindparam("word_match"), TSQUERY))  # type: ignore[no-any-return]


def _matched(model: Any, name: str) -> Any:
    """The ids that SQLite's index of a table finds for a bound text."""
    index = f"{model.__tablename__}{SUFFIX}"
    return select(literal_column("rowid")).select_from(table(index)).where(
        literal_column(index).op("MATCH")(bindparam(name)))


def has(place: Any, word: str, position: int, newest: int | None = None) -> ColumnElement[bool]:
    """The clause of rows of the column's table that have the word, bound as the one at this position.

    The table's index of words answers where it has one, if `newest` is given only with that many of the newest rows;
    on PostgreSQL the planner uses it for the LIKE, and stops by itself when it has enough.
    """
    if len(word) < GRAM or not place.info.get("indexed") or db.engine.dialect.name != "sqlite":
        return like(place, bindparam(f"word_{position}"))
    rows = _matched(place.class_, f"match_{position}")
    if newest is not None:
        rows = rows.order_by(literal_column("rowid").desc()).limit(literal_column(str(newest)))
    found: ColumnElement[bool] = place.class_.id.in_(rows.correlate(None))
    return found


def hits(place: Any, words: Sequence[str]) -> ColumnElement[int]:
    """How many of the words are in a column of folded texts."""
    position = func.instr if db.engine.dialect.name == "sqlite" else func.strpos        # twice as fast as LIKE
    counted: Any = sum(
        case((position(place, bindparam(f"part_{number}")) > 0, 1), else_=0) for number in range(len(words)))
    return counted  # type: ignore[no-any-return]


def _match(words: Sequence[str]) -> str:
    """The words in the language of the index; what means something in it is quoted."""
    if db.engine.dialect.name == "sqlite":
        return " AND ".join(map(_quoted_text, words))
    return " & ".join(map(_quoted, sorted(set().union(*map(_grams, words)))))


def _quoted_text(word: str) -> str:
    """A word in the language of FTS5, in which no sign of it means anything."""
    return '"' + word.replace('"', '""') + '"'


def _quoted(gram: str) -> str:
    """A trigram as tsvector and tsquery read it."""
    return "'" + gram.replace("\\", "\\\\").replace("'", "''") + "'"


def _grams(text: str) -> set[str]:
    return {text[place:place + GRAM] for place in range(len(text) - GRAM + 1)}


# The column ----------------------------------------------------------------------------------------


def grams(*sources: str) -> Any:
    """The column `search_grams` of a table whose `search_text` folds these columns."""
    def default(context: Any) -> str | None:
        row = context.get_current_parameters()
        return _vector([row.get(name) for name in sources])

    return mapped_column(
        Text().with_variant(TSVECTOR(), "postgresql"), nullable=True, default=default, info={"grams": sources},
        deferred=True,
    )


def _vector(texts: Sequence[str | None]) -> str | None:
    if db.engine.dialect.name == "sqlite":
        return None
    found = sorted(_grams(key_of(texts) or ""))[:MOST_GRAMS]
    return " ".join(map(_quoted, found)) or None


@event.listens_for(Model, "before_update", propagate=True)
def _keep(mapper: Mapper[Any], connection: Any, row: Any) -> None:
    """Update the trigrams of a row whose texts changed."""
    for one in mapper.column_attrs:
        sources = one.columns[0].info.get("grams", ()) if one.key == "search_grams" else ()
        if any(inspect(row).attrs[source].history.has_changes() for source in sources):
            row.search_grams = _vector([getattr(row, source) for source in sources])
