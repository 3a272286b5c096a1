"""Where a text names a person or how to reach one: user names, links, e-mail addresses, telephone
numbers, self-introductions, street addresses, IBANs, IP addresses.

Kinds are looked for in an order, and a passage is of the first kind that claims it: the digits of
a link are no telephone number, the ``@`` of an e-mail address begins no user name. Words and
numbers that the patterns need are in ``personal_data.yaml``.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Collection, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from imhi import HarnessError, how_to_install

Kind = Literal["links", "emails", "ibans", "ips", "phones", "users", "names", "streets"]
DATA = Path(__file__).with_name("personal_data.yaml")

# What a text must have for a search to be worth its time: most have none of it.
_DOTTED = re.compile(r"\w\.\w|:\s?//", re.ASCII)
_CALLED = re.compile(r"call|go by")
_DIGITS = re.compile(r"(?:\d\D{0,3}){7}")  # of a telephone number
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_TRAILING = ".,;:!?…'\"*_~|\\"
_PATH = r"(?:[^\s<>\"()\[\]{}]|\([^\s<>\"()\[\]{}]*\))"


class Span(NamedTuple):
    """A passage: its kind, where it begins and where it ends."""

    kind: Kind
    start: int
    end: int


def personal_spans(text: str, kinds: Collection[Kind], region: str = "US") -> list[Span]:
    """Return the passages of some kinds, in order, none overlapping another.

    Args:
        kinds: what to look for.
        region: ISO 3166 code of the country whose telephone numbers have no country code.

    Raises:
        HarnessError: phonenumbers is needed and not installed.
    """
    taken: list[Span] = []
    for kind, find in _FINDERS.items():
        # Links and addresses are looked for in any case: what is in them is nothing else.
        if kind in kinds or kind in ("links", "emails"):
            for start, end in find(text, region):
                if all(end <= span.start or start >= span.end for span in taken):
                    taken.append(Span(kind, start, end))
    return sorted((span for span in taken if span.kind in kinds), key=lambda span: span.start)


def _links(text: str, region: str) -> Iterator[tuple[int, int]]:
    if not _DOTTED.search(text):
        return
    for match in _patterns()["link"].finditer(text):
        if link := match.group().rstrip(_TRAILING):
            yield match.start(), match.start() + len(link)


def _emails(text: str, region: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        yield from (match.span() for match in _patterns()["e-mail"].finditer(text))
    lowered = text.lower()
    if any(provider in lowered for provider in _words("mail_providers")):
        yield from (match.span() for match in _patterns()["e-mail, spelt out"].finditer(text))


def _users(text: str, region: str) -> Iterator[tuple[int, int]]:
    if "@" not in text and "u/" not in text:
        return
    for match in _patterns()["user"].finditer(text):
        if (match.group(1) or match.group(2)).casefold() not in _words("no_user_names"):
            yield match.span()


def _names(text: str, region: str) -> Iterator[tuple[int, int]]:
    if "name" in text.lower():
        for match in _patterns()["name"].finditer(text):
            if match.group("first").casefold() not in _words("no_names"):
                yield match.span("name")
    if _CALLED.search(text):
        yield from (match.span("name") for match in _patterns()["called"].finditer(text))


def _phones(text: str, region: str) -> Iterator[tuple[int, int]]:
    if not _DIGITS.search(text):
        return
    for match in _matcher(text, region):
        number = f"+{match.number.country_code}{match.number.national_number}"
        if not (number in _words("hotlines") or _DATE.fullmatch(match.raw_string.strip())):
            yield match.start, match.end


def check_region(region: str) -> None:
    """See to it that a country's telephone numbers are known.

    Raises:
        HarnessError: they are not.
    """
    if find_spec("phonenumbers") is None:
        return  # named when a text needs it
    regions = _phonenumbers().SUPPORTED_REGIONS
    if region not in regions:
        raise HarnessError(
            f"checks.personal_data.region: found '{region}', expected the ISO 3166 code of a country "
            f"whose telephone numbers are known, such as US ({len(regions)} are)"
        )


def _matcher(text: str, region: str) -> Any:
    library = _phonenumbers()
    return library.PhoneNumberMatcher(text, region, leniency=library.Leniency.VALID)


def _phonenumbers() -> Any:
    try:
        import phonenumbers

        return phonenumbers
    except ModuleNotFoundError:
        raise HarnessError(
            "telephone numbers are found by the package 'phonenumbers', which is not installed: "
            f"{how_to_install('build')}"
        ) from None


def _ibans(text: str, region: str) -> Iterator[tuple[int, int]]:
    for match in _patterns()["iban"].finditer(text):
        letters = re.sub(r"\s", "", match.group())
        # ISO 13616: the first four characters go last, letters become 10 to 35, the rest is 1.
        number = "".join(str(int(letter, 36)) for letter in letters[4:] + letters[:4])
        if int(number) % 97 == 1:
            yield match.span()


def _ips(text: str, region: str) -> Iterator[tuple[int, int]]:
    for match in _patterns()["ip"].finditer(text):
        try:
            address = ipaddress.ip_address(match.group())
        except ValueError:
            continue
        if address.is_global:  # 127.0.0.1 and 192.168.0.1 are everybody's
            yield match.span()


def _streets(text: str, region: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _patterns()["street"].finditer(text))


_FINDERS: dict[Kind, Callable[[str, str], Iterator[tuple[int, int]]]] = {
    "links": _links,
    "emails": _emails,
    "ibans": _ibans,
    "ips": _ips,
    "phones": _phones,
    "users": _users,
    "names": _names,
    "streets": _streets,
}


@functools.cache
def _data() -> dict[str, str]:
    return dict(yaml.safe_load(DATA.read_text(encoding="utf-8")))


@functools.cache
def _words(name: str) -> frozenset[str]:
    return frozenset(_data()[name].casefold().split())


@functools.cache
def _patterns() -> dict[str, re.Pattern[str]]:
    any_of = {
        name: "|".join(sorted(_data()[name].split(), key=len, reverse=True))
        for name in ("domains", "domains_with_path", "mail_providers", "streets", "no_streets")
    }
    host = r"(?<![\w@./-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+"
    mailbox = r"(?<![\w.+-])[\w+-][\w.+-]{0,63}"
    # A name goes on with words that have a capital: "Jo Ann Smith", not "Jo I".
    names = r"[^\W\d_][\w'’-]{1,30})(?-i:(?: (?!I\b|My\b)[A-Z][\w'’-]*){0,2}"
    ignoring_case = {
        "link": (
            rf"(?:https?|ftp)\s?:\s?//{_PATH}+|(?<![\w@.])www\d?\.{_PATH}+"
            rf"|{host}(?:{any_of['domains']})(?![\w@-]|\.\w)(?:[/?#:]{_PATH}*)?"
            rf"|{host}(?:{any_of['domains_with_path']})/{_PATH}+"
        ),
        "e-mail": rf"{mailbox}@[\w-]+(?:\.[\w-]+)*\.[a-z]{{2,24}}(?![\w-])",
        "e-mail, spelt out": (
            rf"{mailbox}\s*(?:\bat\b|\(at\)|\[at\])\s*(?:{any_of['mail_providers']})"
            r"\s*(?:\.|\bdot\b|\(dot\)|\[dot\])\s*[a-z]{2,3}\b"
        ),
        "user": (
            r"(?<![\w@./&#!])@(?=\w*[a-z])(\w(?:[\w.]{0,38}\w)?)(?![@\w])"
            r"|(?<![\w./])/?u/([\w-]{3,25})\b"
        ),
        "name": (
            r"\bmy (?:\w+ )?names?(?:(?: is|'s|’s| ?=|:)(?: actually)?|(?<=names)) "
            rf"(?P<name>(?P<first>{names}))"
        ),
    }
    as_written = {
        # Names that are not introduced as such are told by their capital.
        "called": (
            r"\b(?:[Ii]['’]?m called|[Ii] am called|[Yy]ou can call me|[Ii] go by) "
            rf"(?P<name>(?=[A-Z][a-z])(?P<first>{names}))"
        ),
        "iban": r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b",
        "ip": r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)",
        "street": (
            r"(?<![\w.,:/-])\d{1,5}[A-Za-z]?,? (?:[NSEW]\.? |North |South |East |West )?"
            rf"(?!(?:{any_of['no_streets']})\b)(?:[A-Z][a-z'’]+ |\d+(?:st|nd|rd|th) ){{1,3}}"
            rf"(?:{any_of['streets']})\b"
        ),
    }
    return {name: re.compile(text, re.IGNORECASE) for name, text in ignoring_case.items()} | {
        name: re.compile(text) for name, text in as_written.items()
    }
