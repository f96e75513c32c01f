"""The two languages of the pages, and the choice between them; the texts themselves stand in `web.texts`."""

from dataclasses import dataclass
from typing import Literal, get_args

from web.texts import TEXTS

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LANGUAGE_COOKIE = "language"
ACCEPT_LANGUAGE_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language: `words("locate.count", count=3)`."""

    language: Language

    def __call__(self, key: str, **facts: object) -> str:
        """The text under `key`, its placeholders filled; an unknown key is a defect and raises `KeyError`."""
        text = TEXTS[key][0 if self.chinese else 1]
        return text.format(**facts) if facts else text

    @property
    def chinese(self) -> bool:
        """Whether the language is Chinese."""
        return self.language == "zh-CN"

    @property
    def other(self) -> Language:
        """The language the switch leads to."""
        return "en" if self.chinese else "zh-CN"


def choose_language(chosen: str | None, accepted: str, default: Language) -> Language:
    """The language of the cookie; else the first of an Accept-Language header that we speak; else the site's own."""
    for language in LANGUAGES:
        if chosen == language:
            return language
    preferences: list[tuple[float, str]] = []
    for entry in accepted[:ACCEPT_LANGUAGE_CHARACTERS_MAX].split(","):
        tag, _, quality = entry.partition(";q=")
        try:
            preferences.append((float(quality or 1), tag.strip().lower()))
        except ValueError:
            continue
    for _, tag in sorted(preferences, key=lambda preference: -preference[0]):
        if tag.split("-")[0] == "zh":
            return "zh-CN"
        if tag.split("-")[0] == "en":
            return "en"
    return default
