"""``imhi submit``: what is packed, what never is, and what is refused with what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from imhi._core.plan import plan_scoring
from imhi._core.plugin_manager import PluginManager
from imhi._core.records import Response, as_row
from imhi._core.run_store import RunFolder
from imhi._core.run_store.jsonl import write_rows
from imhi._core.settings import RunSettings
from imhi._core.stages.rescore import relabel
from imhi.plugins.leaderboard.submission.identity import data_checksum, row_keys
from imhi.plugins.leaderboard.submission.limits import LIMITS
from tests.plugins.leaderboard.archives import Parts
from tests.plugins.leaderboard.submitted_runs import SALT, demo_run, packed


@pytest.fixture(scope="module")
def run(manager: PluginManager, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("runs")
    return demo_run(manager, folder, dataset=("DR", "IRF"), metric=("labels",))


Changed = Callable[[Callable[[RunFolder], None]], RunFolder]


@pytest.fixture
def changed(run: RunFolder, manager: PluginManager, tmp_path: Path) -> Changed:
    """Copy the run, change it, and label and score it anew."""

    def changed(change: Callable[[RunFolder], None]) -> RunFolder:
        folder = RunFolder(shutil.copytree(run.path, tmp_path / "changed"))
        change(folder)
        settings = RunSettings(metric=("labels",), resamples=200)
        relabel([folder], manager, plan_scoring(settings, manager.registry))
        return folder

    return changed


def answering(text: str) -> Callable[[RunFolder], None]:
    """Let the first answer to DR be ``text``."""

    def change(folder: RunFolder) -> None:
        answers = list(folder.responses("DR"))
        answers[0] = Response(answers[0].id, "DR", "0", text=text)
        write_rows(folder.file("responses", "DR"), [as_row(answer) for answer in answers])

    return change


def about(archive: bytes) -> dict:
    return json.loads(Parts.of(archive).members["submission.json"])


def test_the_same_run_and_salt_give_the_same_bytes(run: RunFolder, manager: PluginManager) -> None:
    assert packed(run, manager) == packed(run, manager)


def test_a_salt_is_drawn_for_each_submission(run: RunFolder, imhi_here, tmp_path: Path) -> None:
    salts = set()
    for number in (1, 2):
        assert imhi_here("submit", run.path, "--to", f"{number}.zip").code == 0
        salts.add(about((tmp_path / f"{number}.zip").read_bytes())["salt"])
    assert len(salts) == 2


def test_it_holds_no_post_no_reference_and_no_id(run: RunFolder, manager: PluginManager) -> None:
    members = Parts.of(packed(run, manager)).members
    text = "\n".join(data.decode() for data in members.values())
    for dataset in run.datasets():
        for example in run.examples(dataset):
            assert example.post[:30] not in text
            assert example.explanation[:30] not in text
            assert f'"{example.id}"' not in text


def test_it_holds_no_place_of_this_machine(run: RunFolder, manager: PluginManager) -> None:
    members = Parts.of(packed(run, manager)).members
    for place in (str(run.path), str(Path.home()), str(Path.cwd())):
        assert all(place not in data.decode() for data in members.values())


def test_rows_stand_in_the_order_of_their_keys(run: RunFolder, manager: PluginManager) -> None:
    members = Parts.of(packed(run, manager)).members
    for kind in ("responses", "predictions"):
        keys = [json.loads(line)["key"] for line in members[f"{kind}/DR.jsonl"].splitlines()]
        assert keys == sorted(row_keys(SALT, list(run.examples("DR")), "test"))


def test_data_are_known_by_their_content_in_whichever_style(manager: PluginManager) -> None:
    import dataclasses

    from imhi._core.sources import open_source

    _, source = open_source("demo", manager.registry)
    examples = list(source.examples("DR", "test"))
    styled = [
        dataclasses.replace(e, prompt="Post: ...", prompt_style="completion") for e in examples
    ]
    other = [dataclasses.replace(examples[0], label="no"), *examples[1:]]
    assert data_checksum(styled) == data_checksum(examples)
    assert data_checksum(other) != data_checksum(examples)
    assert data_checksum(examples[::-1]) != data_checksum(examples)


def test_the_longest_answer_is_the_same_in_the_limits_and_in_the_schema() -> None:
    from imhi.plugins.leaderboard.records.json_schemas import schema_files

    parts = json.loads(schema_files()["submission.schema.json"])["$defs"]
    assert parts["ResponseRow"]["properties"]["text"]["maxLength"] == LIMITS.answer


def test_what_is_said_of_a_model_is_packed(run: RunFolder, imhi_here, tmp_path: Path) -> None:
    said = imhi_here(
        "submit", run.path, "--name", "My model", "--by", "We", "--link", "https://example.org/m",
        "--description", "Small & honest.", "--to", "x.zip", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    found = about((tmp_path / "x.zip").read_bytes())
    assert (found["name"], found["by"]) == ("My model", "We")
    assert (found["link"], found["description"]) == ("https://example.org/m", "Small & honest.")
    assert said.json["datasets"] == {"DR": 16, "IRF": 18}
    assert said.json["partial"] is False


def test_a_file_that_is_there_is_not_overwritten(run: RunFolder, imhi_here, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("precious")
    said = imhi_here("submit", run.path, "--to", "x.zip")
    assert said.code == 2
    assert said.complaint == "imhi: x.zip: is there already; remove it, or choose another --to FILE"
    assert (tmp_path / "x.zip").read_text() == "precious"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--name", "=1+1"], "name: found '=1+1', expected: What the board calls it. No < or >"),
        (["--name", "<b>x</b>"], "name: found '<b>x</b>'"),
        (["--by", "a\u202eb"], "by: an invisible or direction-turning character (U+202E)"),
        (["--link", "ftp://x"], "link: found 'ftp://x', expected: A page about the model: http or"),
        (["--link", "https://me:pw@x.org"], "link: a user name or password in it"),
        (["--description", "x" * 1001], "description: found"),
        (["--description", "weights in /home/me/model"], "submission.json: line"),
        (["--description", "key sk-abcdefghijklmnopqrstuv"], "what looks like an API key"),
        (["--labeler", "nothing"], "unknown labeler 'nothing'"),
        (["--labeler", "strict"], "make them with: imhi label"),
    ],
)
def test_what_cannot_be_submitted_is_refused_in_one_line(
    words, complaint: str, run: RunFolder, imhi_here, tmp_path: Path
) -> None:
    said = imhi_here("submit", run.path, *words)
    assert said.code == 2
    assert complaint in said.complaint
    assert not list(tmp_path.glob("*.zip"))


def test_unanswered_examples_are_refused_unless_they_are_recorded(
    changed: Changed, imhi_here, tmp_path: Path
) -> None:
    def lose(folder: RunFolder) -> None:
        answers = [as_row(answer) for answer in folder.responses("DR")]
        write_rows(folder.file("responses", "DR"), answers[3:])

    folder = changed(lose)
    said = imhi_here("submit", folder.path)
    assert "3 of 34 examples have no answer; run the same 'imhi run' again, or" in said.complaint
    said = imhi_here("submit", folder.path, "--incomplete", "--to", "x.zip", "--json")
    assert said.json["partial"] is True
    assert about((tmp_path / "x.zip").read_bytes())["unanswered"] == 3


def test_a_part_of_the_data_is_refused_unless_it_is_recorded(
    manager: PluginManager, imhi_here, tmp_path: Path
) -> None:
    run = demo_run(manager, tmp_path / "runs", dataset=("DR",), metric=("labels",), limit=4)
    assert "made with --limit 4" in imhi_here("submit", run.path).complaint
    said = imhi_here("submit", run.path, "--partial", "--to", "x.zip", "--json")
    assert said.json["partial"] is True
    assert about((tmp_path / "x.zip").read_bytes())["limit"] == 4


def test_answers_that_repeat_their_post_are_counted_and_named(
    changed: Changed, run: RunFolder, imhi_here
) -> None:
    longest = max(run.examples("DR"), key=lambda example: len(example.post))
    assert len(longest.post) >= 200

    def repeat(folder: RunFolder) -> None:
        text = f"Yes. Reasoning: it says   {longest.post.upper()}"
        answers = [as_row(answer) for answer in folder.responses("DR") if answer.id != longest.id]
        answers.append(as_row(Response(longest.id, "DR", "0", text=text)))
        write_rows(folder.file("responses", "DR"), answers)

    folder = changed(repeat)
    said = imhi_here("submit", folder.path)
    expected = f"1 answers repeat a long piece, or most, of their post (DR/{longest.id})"
    assert expected in said.complaint
    assert imhi_here("submit", folder.path, "--allow-long-quotes", "--to", "x.zip").code == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Yes. My key is hf_abcdefghijklmnopqrstuvw.", "what looks like an API key"),
        ("Yes. See C:\\Users\\me\\model.", "what looks like a path on a disk"),
        ("Yes. Authorization: Bearer abcdefghijklmnop1234", "what looks like an API key"),
        ("Yes. " + "word " * 5_000, "1 answers are longer than 20,000 characters (DR/"),
    ],
)
def test_answers_that_give_something_away_are_refused_with_the_place(
    text: str, complaint: str, changed: Changed, imhi_here
) -> None:
    assert complaint in imhi_here("submit", changed(answering(text)).path).complaint


def test_addresses_and_subreddits_in_answers_give_nothing_away(changed: Changed, imhi_here) -> None:
    text = (
        "Yes. Reasoning: see https://www.example.org/home/help and /r/depression and/or a friend."
    )
    assert imhi_here("submit", changed(answering(text)).path, "--to", "x.zip").code == 0


def test_a_folder_of_this_machine_is_told_from_a_word() -> None:
    from imhi.plugins.leaderboard.submission.leaks import leaks

    assert list(leaks("trained in /lab7/model", ("/lab7",)))
    assert not list(leaks("it is about home/work balance and /workers", ("/work",)))


def test_scores_of_other_answers_are_refused(run: RunFolder, imhi_here, tmp_path: Path) -> None:
    folder = RunFolder(shutil.copytree(run.path, tmp_path / "changed"))
    answering("No, the poster does not suffer from depression.")(folder)
    said = imhi_here("submit", folder.path)
    assert "its scores were made from other answers or labels than are there now" in said.complaint


def test_answers_imported_without_their_posts_are_refused(imhi_here, tmp_path: Path) -> None:
    (tmp_path / "DR.csv").write_text(
        "goldens,generated_text\n"
        '"Yes, the poster suffers from depression. Reasoning: low mood.","Yes. It is."\n'
        '"No, the poster does not suffer from depression. Reasoning: joy.","No. It is not."\n'
    )
    said = imhi_here("import", "DR.csv", "--dataset", "DR", "--json")
    assert said.code == 0, said.err
    said = imhi_here("submit", said.json["run"])
    assert "imported without their posts, so nobody can verify them" in said.complaint


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("hf:/home/me/models/llama-7b", "hf:llama-7b"),
        ("/srv/my models/llama", "llama"),
        ("hf:../trained/final,dtype=bfloat16", "hf:final,dtype=bfloat16"),
        ("~/models/x", "x"),
        ("C:\\models\\x", "x"),
        ("meta-llama/Llama-2-7b-chat-hf", "meta-llama/Llama-2-7b-chat-hf"),
        ("openai:gpt,base_url=http://10.0.0.5:8000/v1", "openai:gpt,base_url=(local server)"),
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("baseline:tfidf", "baseline:tfidf"),
    ],
)
def test_of_a_local_path_only_the_last_part_is_packed(written: str, kept: str) -> None:
    from imhi.plugins.leaderboard.submission.leaks import without_places

    assert without_places({"target": [written]}) == {"target": [kept]}


def test_a_quote_is_found_wherever_it_begins() -> None:
    from imhi.plugins.leaderboard.submission.quotes import repeats_post

    post = " ".join(f"word{number}" for number in range(100))
    for start in range(0, 60, 7):
        quote = post[start : start + 200]
        assert repeats_post(f"It says: {quote} and so on", post)
        assert not repeats_post(f"It says: {quote[:99]} X {quote[99:198]} and so on", post)
        assert not repeats_post(f"It says: {quote[:190]}!", post)


def test_most_of_a_short_post_is_a_long_quote() -> None:
    from imhi.plugins.leaderboard.submission.quotes import repeats_post

    post = "my landlord wants me out by friday and I have three exams to sit"
    assert repeats_post(f"The poster says: {post}.", post)
    assert not repeats_post("The poster says: my landlord wants me out by friday.", post)
    assert not repeats_post("work is stressing me out", "work is stressing me out")


@pytest.mark.parametrize(
    "said",
    [
        "see http://gpu-box:8000/v1",
        "kept in /nfs/alice/models/x",
        "file:///lustre/alice/x",
        "~/models/x",
        "key AIzaSyA1234567890abcdefghijk",
        "key gsk_1234567890abcdefghij",
    ],
)
def test_a_description_that_gives_away_places_or_keys_is_found(said: str) -> None:
    from imhi.plugins.leaderboard.submission.leaks import leaks

    assert list(leaks(said))
    assert not list(leaks("see https://example.org/models and /r/depression, and/or both"))
