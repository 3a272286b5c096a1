"""What strangers write about themselves: short, visible, and nothing that steers what shows it."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

from imhi.plugins.leaderboard.records.submission import About
from imhi.plugins.leaderboard.submission.refusal import shown
from imhi.plugins.leaderboard.submission.strict_json import texts

SHOWN = ("name", "by", "link", "description", "model", "split", "harness_version", "created")
_UNSEEN = {
    "Cc": "a control character",
    "Cf": "an invisible or direction-turning character",
    "Cs": "half a character",
    "Co": "a character of private use",
    "Cn": "a character that is not assigned",
    "Zl": "a line separator",
    "Zp": "a paragraph separator",
}


def text_complaints(about: About) -> list[str]:
    """Return what is wrong with the texts of ``submission.json``, beyond what its schema says."""
    reasons = []
    for field in SHOWN:
        text = getattr(about, field)
        if reason := _unfit(text):
            reasons.append(f"{field}: {reason}, expected plain text (found '{shown(text)}')")
    if reason := _unfit_link(about.link):
        reasons.append(f"link: {reason}, expected a public http(s) address")
    others = about.model_dump(mode="json", exclude=set(SHOWN))
    steering = next((text for text in texts(others) if _steers(text)), None)
    if steering is not None:
        reasons.append(f"a control or direction-turning character in '{shown(steering)}'")
    return reasons


def _unfit(text: str) -> str:
    if text != text.strip():
        return "blanks at its beginning or end"
    for character in text:
        if what := _UNSEEN.get(unicodedata.category(character)):
            return f"{what} (U+{ord(character):04X})"
    if not unicodedata.is_normalized("NFC", text):
        return "not in Unicode's normal form NFC"
    return ""


def _steers(text: str) -> bool:
    """Say whether a text holds characters that settings (a system prompt, a stop) never need."""
    return any(
        unicodedata.category(character) in ("Cc", "Cf") and character not in "\n\t\r"
        for character in text
    )


def _unfit_link(link: str) -> str:
    if not link:
        return ""
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return "not an address"
    if parts.username is not None or parts.password is not None:
        return "a user name or password in it"
    return "" if host else "no host in it"
