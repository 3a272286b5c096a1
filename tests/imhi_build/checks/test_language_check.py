"""The check ``language``: 30 explanations in 15 languages, written for this test, planted into
published rows: all found, none besides; of 19,274 published explanations none is found."""

from __future__ import annotations

import dataclasses
import random
import sys

import pytest
from pydantic import ValidationError

from imhi._core.errors import HarnessError
from imhi.build.checks.language import Settings as LanguageSettings, find, identifier, passages
from imhi.build.records import BuiltRow
from tests.imhi_build.checks.corpora import a_row, found, recall_and_precision

FOREIGN = {
    "de": (
        "Die Person beschreibt, dass sie sich hoffnungslos fühlt und kaum noch schläft.",
        "Der Beitrag nennt Streit mit den Eltern. Das spricht für familiäre Probleme als Ursache.",
    ),
    "fr": (
        "L'auteur dit qu'il se sent seul depuis des mois et qu'il ne voit aucune issue.",
        "Le message parle de dettes et de loyer. La cause du stress est donc financière.",
    ),
    "es": (
        "La persona dice que no puede más y que nadie la entiende, lo que indica desesperanza.",
        "El texto menciona exámenes y tareas. Por eso la causa del estrés es la escuela.",
    ),
    "it": (
        "Chi scrive racconta di piangere ogni notte e di non avere più speranza.",
        "Nel testo si parla di un capo che urla. La causa dello stress è quindi il lavoro.",
    ),
    "pt": (
        "A pessoa diz que perdeu o emprego e que não consegue pagar o aluguel.",
        "O texto fala de insônia e de cansaço constante, sintomas comuns da depressão.",
    ),
    "nl": (
        "De schrijver zegt dat hij zich al weken leeg voelt en nergens meer zin in heeft.",
        "Het bericht gaat over ruzie met vrienden. De oorzaak van de stress is dus sociaal.",
    ),
    "sv": (
        "Skribenten berättar att hen inte har sovit på flera nätter och att allt är meningslöst.",
        "Inlägget handlar om skulder och hyra, så orsaken till stressen är ekonomisk.",
    ),
    "pl": (
        "Autor pisze, że od wielu tygodni nie ma siły wstać z łóżka i czuje pustkę.",
        "Wpis mówi o egzaminach i zaliczeniach, więc przyczyną stresu jest szkoła.",
    ),
    "tr": (
        "Kişi kendini çok yalnız hissettiğini ve kimsenin onu anlamadığını söylüyor.",
        "Gönderide borçlardan söz ediliyor, bu yüzden stresin nedeni parasal sorunlardır.",
    ),
    "ru": (
        "Автор пишет, что чувствует себя одиноким и никому не нужным.",
        "В тексте говорится о долгах и аренде, поэтому причина стресса финансовая.",
    ),
    "ar": (
        "يقول الكاتب إنه يشعر بالوحدة منذ أشهر ولا يستطيع النوم.",
        "يذكر النص الديون والإيجار، ولذلك فإن سبب التوتر مالي.",
    ),
    "hi": (
        "लेखक कहता है कि वह हर दिन अकेला महसूस करता है और उसे नींद नहीं आती।",
        "पोस्ट में कर्ज और किराए की बात है, इसलिए तनाव का कारण आर्थिक है।",
    ),
    "zh": (
        "发帖人表示自己每天都感到绝望，晚上无法入睡，也不想和任何人说话。",
        "帖子提到债务和房租，因此压力的原因是经济问题。",
    ),
    "ja": (
        "投稿者は毎日とても疲れていて、何をしても楽しくないと書いています。",
        "借金と家賃の話が書かれているので、ストレスの原因はお金の問題です。",
    ),
    "ko": (
        "글쓴이는 매일 우울하고 아무도 자신을 이해하지 못한다고 말합니다.",
        "글에는 빚과 월세 이야기가 나오므로 스트레스의 원인은 돈 문제입니다.",
    ),
}
ENGLISH = "The poster writes that nothing gives them joy, which points to depression."


@pytest.mark.parametrize("language", FOREIGN)
def test_another_language_is_found_and_named(language: str) -> None:
    for text in FOREIGN[language]:
        (finding,) = find([a_row("I cry.", text)], LanguageSettings())
        assert finding.reason == f"in another language: {language}"
        assert finding.score == 1.0


@pytest.mark.parametrize("language", ["de", "fr", "ru", "zh"])
def test_the_wanted_language_can_be_another(language: str) -> None:
    rows = [a_row("I cry.", text) for text in (*FOREIGN[language], ENGLISH)]
    assert found(find(rows, LanguageSettings(language=language))) == {rows[-1].key}


@pytest.mark.parametrize("language", FOREIGN)
def test_a_post_in_another_language_may_be_quoted(language: str) -> None:
    post = " ".join(FOREIGN[language])
    text = f'{ENGLISH} Words such as "{FOREIGN[language][0]}" say it plainly.'
    assert not list(find([a_row(post, text)], LanguageSettings()))


def test_a_quotation_that_is_not_of_the_post_is_no_excuse() -> None:
    text = f'"{FOREIGN["de"][0]}"'
    assert list(find([a_row("I cry.", text)], LanguageSettings()))


def test_an_explanation_that_changes_language_half_way_is_found() -> None:
    half = f"{ENGLISH} {FOREIGN['zh'][0]}{FOREIGN['zh'][1]}"
    (finding,) = find([a_row("I cry.", half)], LanguageSettings())
    assert finding.reason == "in another language: zh"
    assert finding.score is not None and 0.5 < finding.score < 0.8
    assert not list(find([a_row("I cry.", half)], LanguageSettings(share=0.9)))


@pytest.mark.parametrize("text", ["", "Yes.", "?!", "Sí, claro.", "1. 2. 3.", "😢😢😢😢😢😢😢😢"])
def test_what_is_too_short_to_tell_passes(text: str) -> None:
    assert not list(find([a_row("I cry.", text)], LanguageSettings()))


@pytest.mark.parametrize(
    "text",
    [
        "The post names PTSD, OCD, BPD and GAD, and CBT, EMDR and an SSRI against COVID-19.",
        "The poster, María José Núñez Muñoz, feels a deep ennui and a sort of Weltschmerz.",
        "yes the poster is stressd becuz they cant pay there rent an dont no wat 2 do",
        "The poster's tone: sad; wording: hopeless. Score: 9/10. Overall => depressed!!!",
    ],
)
def test_english_with_names_abbreviations_and_mistakes_passes(text: str) -> None:
    assert not list(find([a_row("I cry.", text)], LanguageSettings()))


def test_passages_are_whole_sentences_with_enough_letters() -> None:
    text = "Short. This one has enough letters of its own.\n\nAnd so has this one here. End."
    assert list(passages(text, 20)) == [
        ("Short. This one has enough letters of its own.", 36),
        ("And so has this one here. End.", 22),
    ]
    assert list(passages("Too short.", 20)) == []


def test_a_language_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(HarnessError, match="'tlh' is no language that can be told; expected an"):
        list(find([a_row()], LanguageSettings(language="tlh")))


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    identifier.cache_clear()
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    with pytest.raises(HarnessError, match=r"not installed: .*\[build\]"):
        list(find([a_row()], LanguageSettings()))


@pytest.mark.parametrize("settings", [{"share": 0}, {"probability": 1.1}, {"min_letters": 3}])
def test_settings_out_of_bounds_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        LanguageSettings(**settings)


# --- real rows ---------------------------------------------------------------------------------


def test_planted_explanations_are_found_among_published_rows(
    all_published: list[BuiltRow],
) -> None:
    rows = random.Random(3).sample(all_published, 2000)
    texts = [text for of_language in FOREIGN.values() for text in of_language]
    planted = [
        dataclasses.replace(row, explanation=text)
        for row, text in zip(rows[: len(texts)], texts, strict=True)
    ]
    said = found(find([*planted, *rows[len(texts) :]], LanguageSettings()))
    assert recall_and_precision(said, [row.key for row in planted]) == (1.0, 1.0)


def test_no_published_explanation_is_found(all_published: list[BuiltRow]) -> None:
    assert len(all_published) == 19_275
    # Every sixth, for time. Of all, none is found, either.
    assert not list(find(all_published[::6], LanguageSettings()))
