"""Days with unusual ends in their time zone, with their first and last second."""

from datetime import UTC, datetime

# zone, day, first second and last second in UTC
DAYS = [
    ("Asia/Kolkata", "2026-11-29", "2026-11-28T18:30:00", "2026-11-29T18:29:59"),           # half an hour
    ("Asia/Kathmandu", "2026-11-29", "2026-11-28T18:15:00", "2026-11-29T18:14:59"),         # a quarter
    ("Europe/Madrid", "2027-03-28", "2027-03-27T23:00:00", "2027-03-28T21:59:59"),          # 23 hours
    ("Europe/Madrid", "2027-10-31", "2027-10-30T22:00:00", "2027-10-31T22:59:59"),          # 25 hours
    ("America/Santiago", "2027-09-05", "2027-09-05T04:00:00", "2027-09-06T02:59:59"),       # it begins at one
    ("America/Havana", "2027-11-07", "2027-11-07T04:00:00", "2027-11-08T04:59:59"),         # its first hour comes twice
    ("Australia/Lord_Howe", "2027-04-04", "2027-04-03T13:00:00", "2027-04-04T13:29:59"),    # half an hour longer
]


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
