"""What keeps an installation alive: backup and restore, checks, upkeep, demonstration data."""
