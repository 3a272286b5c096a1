"""What a user gets wrong costs one line: what was found, where, what was expected, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkouts import TEST, asked, depression_checkout
from tests.conftest import Imhi, ImhiCommand, Said


def refused(said: Said, *parts: str) -> None:
    """Check the form of a refusal, and that it says these things."""
    assert said.code == 2, said
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("imhi: ")
    assert "Traceback" not in line and "unexpected" not in line, line
    for part in parts:
        assert part in line, f"{part!r} is not in: {line}"


# A command line -> what its refusal says.
NAMES = {
    "run -d dredit": ("unknown dataset 'dredit'", "did you mean 'dreaddit'?", "known: CAMS"),
    "run -t stres": ("unknown task 'stres'", "stress detection"),
    "run --source .": ("unknown source '.'", "expected NAME:FOLDER, such as official:."),
    "run -m foo:bar": ("unknown model scheme 'foo'", "known: anthropic, baseline", "SCHEME:TARGET"),
    "run -m google/gemma": ("unknown model 'google/gemma'", "such as hf:google/gemma"),
    "run -m gpt5": ("unknown model 'gpt5'", "did you mean 'gpt-4'?", "preset or SCHEME:TARGET"),
    "run -m baseline:": ("nothing after 'baseline:'", "expected baseline:majority|tfidf"),
    "run -m baseline:svm": ("unknown baseline 'svm'", "majority, tfidf"),
    "run -m baseline:tfidf,x=1": ("model 'baseline:tfidf,x=1'", "unknown argument", "'x'"),
    "run -m hf:gpt2,batchsize=4": ("unknown argument of hf: 'batchsize'", "'batch_size'?"),
    "run -m baseline:majority -m foo:bar": ("unknown model scheme 'foo'",),
    "run --source nope": ("unknown source 'nope'", "demo, "),
    "run --source official": ("expected official:PATH",),
    "run --source official:nowhere": ("official:nowhere", "no such folder", "imhi data fetch"),
    "run --source demo:here": ("source 'demo:here'", "takes no argument"),
    "run --source own": ("source own", "no dataset has the split 'test'"),
    "run --split val": ("no dataset has the split 'val'", "splits: test, train"),
    "run --split val -d DR": ("DR has no split 'val'", "it has: train, test"),
    "run --labeler hybird": ("unknown labeler 'hybird'", "did you mean 'hybrid'?"),
    "run --metric f1": ("unknown metric 'f1'", "weighted_f1"),
    "run --prompt zeroshot": ("unknown prompt style 'zeroshot'", "'zero-shot'?"),
    "run --executor cluster": ("unknown executor 'cluster'", "local"),
    "run --format tabel": ("unknown reporter 'tabel'", "'table'?"),
    "run --dry-run -d dredit": ("unknown dataset 'dredit'",),
    "run nowhere.yaml": ("run file nowhere.yaml", "no such file"),
    "run .": ("run file .: cannot be read",),
    "show nope": ("run 'nope'", "no run of that name under runs", "imhi runs"),
    "show last": ("run 'last'", "no run of that name"),
    "label nope": ("run 'nope'",),
    "score nope": ("run 'nope'",),
    "frobnicate": ("No such command 'frobnicate'", "see: imhi --help"),
    "run --frobnicate": ("--frobnicate", "see: imhi run --help"),
    "run --limit": ("'--limit' requires an argument", "see: imhi --help"),
    "--plugin": ("--plugin: nothing follows it, expected a value",),
    "tasks --plugin nope.py": ("plugin file nope.py: there is no such file",),
    "tasks --disable-plugin nope": ("unknown plugin 'nope'",),
}

VALUES = {
    "--limit 0": ("--limit: found 0", "above 0"),
    "--limit -3": ("--limit: found -3",),
    "--limit 2.5": ("--limit",),
    "--limit ten": ("--limit",),
    "--seed -1": ("--seed: found -1", "0 or more"),
    "--temperature -1": ("--temperature: found -1.0", "0 or more"),
    "--temperature nan": ("--temperature: found nan",),
    "--top-p 0": ("--top-p: found 0.0", "above 0, at most 1"),
    "--top-p 1.5": ("--top-p: found 1.5",),
    "--max-new-tokens 0": ("--max-new-tokens: found 0",),
    "--max-cost -1": ("--max-cost: found -1.0", "US dollars"),
    "--max-cost nan": ("--max-cost: found nan", "US dollars"),
    "--resamples 10": ("--resamples: found 10", "at least 100"),
    "--shots -1": ("--shots: found -1",),
    "--chat-template maybe": ("--chat-template: found maybe", "auto or on or off"),
}


@pytest.mark.parametrize("words", NAMES)
def test_names_that_nobody_answers_to(words: str, imhi_here: Imhi) -> None:
    refused(imhi_here(*words.split()), *NAMES[words])
    assert not Path("runs").exists() or not list(Path("runs").iterdir())


@pytest.mark.parametrize("words", VALUES)
def test_values_that_make_no_sense(words: str, imhi_here: Imhi) -> None:
    refused(imhi_here("run", "-m", "baseline:majority", *words.split()), *VALUES[words])


RUN_FILES = {
    "an unknown setting": ("modell: gpt-4", "unknown setting 'modell': did you mean 'model'?"),
    "a number in words": ("limit: three", "limit: found 'three', expected a whole number"),
    "half a limit": ("limit: 1.5", "limit: found 1.5, expected a whole number"),
    "a yes for a number": ("seed: yes", "seed: found True, expected a whole number"),
    "a number for a name": ("split: 3", "split: found 3, expected a text"),
    "a number among names": ("dataset: [DR, 3]", "dataset: found ['DR', 3], expected a text or"),
    "a mapping for names": ("model: {hf: gpt2}", "model: found {'hf': 'gpt2'}"),
    "a word for yes": ("repair_mojibake: sure", "repair_mojibake: found 'sure', expected true"),
    "a wrong choice": ("chat_template: maybe", "chat_template: found 'maybe', expected auto"),
    "a number for a path": ("out: 3", "out: found 3, expected a path"),
    "nothing for a name": ("split:", "split: found None, expected a text"),
    "a value out of range": ("limit: 0", "--limit: found 0"),
    "an unknown labeler": ("labeler: hybird", "unknown labeler 'hybird'"),
    "an unknown metric": ("metric: f1", "unknown metric 'f1'"),
    "an unknown prompt": ("prompt: zeroshot", "unknown prompt style 'zeroshot'"),
    "an unknown model": ("model: foo:bar", "unknown model scheme 'foo'"),
    "a doubled setting": ("seed: 1\nseed: 2", "line 2: found the key 'seed' a second time"),
    "a list": ("- model", "found list, expected a mapping such as 'model: baseline:tfidf'"),
    "nothing": ("", "expected a mapping"),
    "no YAML": ("model: [", "not YAML"),
    "another encoding": (b"system: caf\xe9", "found byte 0xe9 at position 11, expected UTF-8"),
}


@pytest.mark.parametrize("kind", RUN_FILES)
def test_run_files_that_make_no_sense(kind: str, imhi_here: Imhi) -> None:
    text, message = RUN_FILES[kind]
    Path("run.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    refused(imhi_here("run", "run.yaml"), message)


HEADER = "query,gpt-3.5-turbo\n"
QUERY = '"' + asked("a grey week").replace('"', '""') + '"'
ANSWER = '"Yes, the poster suffers from depression. Reasoning: grey."'
FILES = {
    "empty": (b"", ("DR.csv", "empty")),
    "only a header": (HEADER, ("DR.csv", "no rows")),
    "in another encoding": (
        (HEADER + QUERY.replace("grey", "gr\xe9y") + "," + ANSWER + "\n").encode("latin-1"),
        ("DR.csv", "UTF-8"),
    ),
    "without a column": (f"query\n{QUERY}\n", ("DR.csv", "gpt-3.5-turbo")),
    "with a column too many": (
        f"query,gpt-3.5-turbo,mood\n{QUERY},{ANSWER},fine\n",
        ("DR.csv", "mood"),
    ),
    "with a cell too many": (HEADER + f"{QUERY},{ANSWER},fine\n", ("DR.csv: row 0 (line 2)",)),
    "with a cell too few": (HEADER + f"{QUERY}\n", ("DR.csv: row 0 (line 2)",)),
    "with an unknown label": (
        HEADER + f"{QUERY},{ANSWER}\n{QUERY},Maybe. Reasoning: who knows.\n",
        (
            "DR.csv: row 1 (line 3)",
            "unknown label (6 characters",
            "Yes, the poster suffers from depression.",
        ),
    ),
    "with an unknown question": (
        HEADER + '"Consider this post: ""x"" Question: Is it blue?",Yes.\n',
        (
            "DR.csv: row 0 (line 2)",
            "unknown question (11 characters",
            "Does the poster suffer from depression?",
        ),
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_official_files(kind: str, imhi_here: Imhi) -> None:
    content, parts = FILES[kind]
    root = depression_checkout(Path("checkout"))
    file = root / TEST / "DR.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = imhi_here("run", "--source", f"official:{root}", "-m", "baseline:majority")
    refused(said, *parts)
    assert "a grey week" not in said.err, "a message holds no post"
    assert not list(Path("runs").iterdir()), "nothing is left of a run that could not begin"


def test_a_checkout_without_the_split(imhi_here: Imhi) -> None:
    root = depression_checkout(Path("checkout"))
    said = imhi_here("run", "--source", f"official:{root}", "--split", "expert")
    refused(said, f"official:{root}", "'expert'", "test")


def test_a_message_is_one_line_however_long_and_in_plain_text(run_imhi: ImhiCommand) -> None:
    done = run_imhi("run", "-d", "x" * 500, env={"COLUMNS": "40"})
    assert done.returncode == 2 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("imhi: unknown dataset 'xxx") and "\x1b" not in line


def test_control_characters_in_a_name_do_not_reach_the_terminal(imhi_here: Imhi) -> None:
    said = imhi_here("run", "-d", "a\x1b[31mb\nc")
    refused(said, "unknown dataset")
    assert "\x1b" not in said.err


def test_a_fault_of_a_plugin_is_named_as_such_without_a_traceback(imhi_here: Imhi) -> None:
    Path("odd.py").write_text(
        "from imhi import ModelFamily, hookimpl\n@hookimpl\ndef imhi_models():\n"
        "    yield ModelFamily('odd', 'odd', create=lambda spec, context: 1 / 0)\n"
    )
    said = imhi_here("run", "--plugin", "odd.py", "-m", "odd:x", "-d", "DR", "--limit", "1")
    assert said.code == 2
    assert said.complaint.startswith("imhi: unexpected ZeroDivisionError: division by zero")
    assert "--debug" in said.complaint


def test_debug_shows_where_a_fault_lies(run_imhi: ImhiCommand) -> None:
    done = run_imhi("run", "-d", "nope", "--debug")
    assert done.returncode != 0
    assert "Traceback" in done.stderr and "UnknownName" in done.stderr
