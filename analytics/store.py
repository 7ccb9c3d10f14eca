"""Defines the tables of the log database. Core tables, no entities: rows come by the ten thousand.

A request's dimensions (caller, endpoint, contract, outcome) are stored once in
`request_shapes`; a request refers to its shape. The roll-ups are cells of (shape, level, bucket),
where a shape of a coarser grain leaves dimensions out: see grains.py.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
)

from database import db

# SQLite increments only a column of type INTEGER; both hold 64 bits.
long = BigInteger().with_variant(Integer, "sqlite")

requests = db.Table(
    "requests",
    Column("id", long, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, nullable=False),            # start, microseconds since 1970 in UTC
    Column("duration_us", BigInteger),                      # null where an imported log does not say
    Column("shape_id", Integer, nullable=False),
    Column("request_bytes", BigInteger, nullable=False),
    Column("response_bytes", BigInteger, nullable=False),
    Column("ip", String(45), nullable=False),
    Column("user_agent", String(300), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("path", String(300), nullable=False),
    Column("query", String(500), nullable=False),
    Column("user_id", Integer),
    Column("customer_id", Integer),
    Column("idempotent", Boolean, nullable=False),
    Column("parent_id", long),                              # the batch that a call came in
    Column("message", String(300)),                         # the message of a refusal
    Column("fields", String(500)),                          # the names of the wrong fields, never their values
    Index("ix_requests_at", "at_us", "id"),
    Index("ix_requests_shape", "shape_id", "at_us", "id"),
    Index("ix_requests_ip", "ip", "at_us"),
    Index("ix_requests_request_id", "request_id"),
    bind_key="log",
)
# Few rows have a parent; the index holds only those.
Index(
    "ix_requests_parent", requests.c.parent_id,
    sqlite_where=requests.c.parent_id.is_not(None), postgresql_where=requests.c.parent_id.is_not(None),
)

for _name in ("user_id", "customer_id"):        # most rows have none
    Index(
        f"ix_requests_{_name.removesuffix('_id')}", requests.c[_name], requests.c.at_us, requests.c.id,
        sqlite_where=requests.c[_name].is_not(None), postgresql_where=requests.c[_name].is_not(None),
    )

# The rows that a request named or created. The key finds the requests of an object.
objects = db.Table(
    "request_objects",
    Column("noun", String(40), primary_key=True),
    Column("object_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at_us", BigInteger, primary_key=True, autoincrement=False),     # the request's start
    Column("id", long, primary_key=True, autoincrement=False),              # the request's row
    Column("place", SmallInteger, nullable=False),
    Index("ix_request_objects_id", "id"),
    bind_key="log",
    sqlite_with_rowid=False,
)

shapes = db.Table(
    "request_shapes",
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(40), nullable=False, unique=True),
    Column("grain", SmallInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),           # 0 request, 1 call within a batch, 2 page
    Column("source", String(80), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("merchant_id", Integer),
    Column("key_id", Integer),
    Column("contract", String(16)),
    Column("operation", String(80)),
    Column("method", String(16)),
    Column("endpoint", String(200)),
    Column("status_class", SmallInteger),                   # 1 to 5; 6 = an RPC error answered with 2xx
    Column("status", SmallInteger),
    Column("error_code", String(80)),
    Index("ix_request_shapes_merchant", "grain", "merchant_id"),
    Index("ix_request_shapes_key", "grain", "key_id"),
    bind_key="log",
)

CELL_KEY = ("shape_id", "level", "bucket")

cells = db.Table(
    "request_cells",
    Column("shape_id", Integer, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),   # width in minutes
    Column("bucket", Integer, primary_key=True, autoincrement=False),       # first minute since 1970 in UTC
    Column("count", BigInteger, nullable=False),
    Column("timed", BigInteger, nullable=False),                            # those with a known duration
    Column("throttled", BigInteger, nullable=False),                        # those answered with 429
    Column("sum_us", BigInteger, nullable=False),
    Column("max_us", BigInteger, nullable=False),
    Column("request_bytes", BigInteger, nullable=False),
    Column("response_bytes", BigInteger, nullable=False),
    bind_key="log",
    sqlite_with_rowid=False,                                # the cells of one shape are adjacent
)

histograms = db.Table(
    "request_histograms",
    Column("shape_id", Integer, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("counts", LargeBinary, nullable=False),          # histogram.pack()
    bind_key="log",
    sqlite_with_rowid=False,
)

keys = db.Table(
    "request_keys",
    Column("key_id", Integer, primary_key=True, autoincrement=False),
    Column("last_at_us", BigInteger, nullable=False),
    Column("last_ip", String(45), nullable=False),
    bind_key="log",
)

state = db.Table(
    "request_state",
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
    bind_key="log",
)

offsets = db.Table(
    "request_spools",
    Column("name", String(80), primary_key=True),
    Column("position", BigInteger, nullable=False),
    bind_key="log",
)

imported_lines = db.Table(
    "request_imported_lines",
    Column("source", String(80), primary_key=True),
    Column("digest", BigInteger, primary_key=True, autoincrement=False),
    Column("copies", Integer, nullable=False),
    bind_key="log",
    sqlite_with_rowid=False,
)
