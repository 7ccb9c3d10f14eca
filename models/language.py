"""The languages that documents are made in, by their codes of ISO 639-1."""

from enum import StrEnum


class Language(StrEnum):
    """Each has its words in templates/documents/words."""

    ENGLISH = "en"
    GERMAN = "de"
    FRENCH = "fr"
    SPANISH = "es"
    ITALIAN = "it"
    DUTCH = "nl"
    PORTUGUESE = "pt"
    POLISH = "pl"
