"""Records requests: spool files, written before each response, and their way into the database."""
