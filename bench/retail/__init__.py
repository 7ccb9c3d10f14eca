"""A shop's real sales for replays: read from the data set, compared with what was stored."""
