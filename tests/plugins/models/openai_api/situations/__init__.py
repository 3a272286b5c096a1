"""What OpenAI-compatible servers do, as data: tests run each, the guide lists them."""

from __future__ import annotations

from tests.plugins.models.openai_api.situations.access import ACCESS
from tests.plugins.models.openai_api.situations.answers import ANSWERS
from tests.plugins.models.openai_api.situations.contents import CONTENTS
from tests.plugins.models.openai_api.situations.foreign import FOREIGN
from tests.plugins.models.openai_api.situations.parameters import PARAMETERS
from tests.plugins.models.openai_api.situations.passing import PASSING
from tests.plugins.models.openai_api.situations.rates import RATES
from tests.plugins.models.openai_api.situations.situation import Situation
from tests.plugins.models.openai_api.situations.streams import STREAMS

THEMES: dict[str, tuple[Situation, ...]] = {
    "Faults that pass": PASSING,
    "Limits": RATES,
    "Parameters": PARAMETERS,
    "What a request holds": CONTENTS,
    "Keys, rights and addresses": ACCESS,
    "200, but no answer": FOREIGN,
    "Streams": STREAMS,
    "Answers, and ways of asking": ANSWERS,
}
SITUATIONS: tuple[Situation, ...] = tuple(one for theme in THEMES.values() for one in theme)
