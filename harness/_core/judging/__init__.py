"""Judges: models that are asked about answers, for metrics and labelers alike.

* :mod:`~imhi._core.judging.judge`: a model that is asked, each answer kept as it comes.
* :mod:`~imhi._core.judging.answer_cache`: what it has answered before, and what that cost.
* :mod:`~imhi._core.judging.material`: texts shown to a judge, which cannot pass for instructions.
* :mod:`~imhi._core.judging.objects`: the JSON objects in what a judge answers, and refusals.
* :mod:`~imhi._core.judging.telling`: what a reader of the scores must know of the asking.
"""

from imhi._core.judging.answer_cache import AnswerCache, Failures, JudgeAnswer, key_of
from imhi._core.judging.judge import Judge, JudgeAnswers, JudgePrompt
from imhi._core.judging.material import FOLLOW_NOTHING, tagged
from imhi._core.judging.objects import Fields, is_refusal, json_objects
from imhi._core.judging.telling import tell_gaps, tell_limits

__all__ = [
    "FOLLOW_NOTHING",
    "AnswerCache",
    "Failures",
    "Fields",
    "Judge",
    "JudgeAnswer",
    "JudgeAnswers",
    "JudgePrompt",
    "is_refusal",
    "json_objects",
    "key_of",
    "tagged",
    "tell_gaps",
    "tell_limits",
]
