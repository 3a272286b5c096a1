"""``--answer likelihood`` through lm-eval's backends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.models import ModelSpec
from imhi._core.records import Request, Response
from imhi._core.registry import Registry
from imhi._core.settings import Generation
from imhi.plugins.models import hf, lm_eval_backend
from tests.faulty_server import FaultyServer, echo
from tests.tiny_models import CHAT_TEMPLATE, demo_posts, save_causal, save_seq2seq

pytestmark = pytest.mark.filterwarnings("ignore")

CHOICES = {"school": "school", "work": "work", "other": "other causes"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_causal(tmp_path_factory.mktemp("plain"), window=256)


def asked(count: int = 8, ending: str = "") -> list[Request]:
    prompts = [f'Post: "{post}" Cause:{ending}' for post in demo_posts()[:count]]
    return [
        Request.of(str(i), "SAD", prompt, prompt, "", choices=CHOICES)
        for i, prompt in enumerate(prompts)
    ]


def ask(name: str, requests: list[Request], answer: Any = "likelihood") -> tuple[Any, Context]:
    registry = Registry()
    for module in (hf, lm_eval_backend):
        for thing in module.imhi_models():
            registry.add(thing, module.__name__)
    generation = Generation(max_new_tokens=12, answer=answer)
    context = Context(registry, None, "test", generation=generation)  # type: ignore[arg-type]
    model = ModelSpec.parse(name, registry).create(context)
    found: dict[str, Response] = {one.id: one for one in model.generate(requests)}
    model.close()
    return found, context


@pytest.mark.parametrize("kind", ["causal", "chat", "t5"])
@pytest.mark.parametrize("ending", ["", " "])
def test_a_backend_and_hf_hold_the_same_labels_as_likely(
    tmp_path: Path, kind: str, ending: str
) -> None:
    if kind == "t5":
        folder = save_seq2seq(tmp_path / kind)
    else:
        template = CHAT_TEMPLATE if kind == "chat" else None
        folder = save_causal(tmp_path / kind, chat_template=template)
    requests = asked(ending=ending)
    theirs, _ = ask(f"lm-eval:hf,pretrained={folder}", requests)
    ours, _ = ask(f"hf:{folder},batch_size=1", requests)
    assert theirs.keys() == ours.keys()
    for id, response in theirs.items():
        assert response.label == ours[id].label and response.text == CHOICES[response.label]
        assert response.log_likelihoods == pytest.approx(
            ours[id].log_likelihoods, rel=1e-5, abs=1e-3
        )
        if kind == "causal" and not ending:
            assert response.prompt_tokens == ours[id].prompt_tokens


def test_prompts_that_lm_eval_cuts_are_marked_and_counted(plain: Path) -> None:
    requests = asked(3)
    post = " ".join(demo_posts())
    requests.append(Request.of("long", "SAD", f"{post} Cause:", post, "", choices=CHOICES))
    found, context = ask(f"lm-eval:hf,pretrained={plain}", requests)
    assert [id for id, response in found.items() if response.truncated] == ["long"]
    assert any("1 prompts did not fit" in note for note in context.report.sentences("notes"))


def test_a_prompt_that_fails_is_recorded_and_the_others_are_answered(plain: Path) -> None:
    requests = asked(6)
    # The wording alone is longer than the window: lm-eval ends the whole call.
    requests[3] = Request.of("3", "SAD", "Cause:", "", "", choices={"long": "word " * 400})
    found, _ = ask(f"lm-eval:hf,pretrained={plain}", requests)
    assert [id for id in sorted(found) if found[id].error] == ["3"]
    assert all(found[id].label for id in "01245")


def test_servers_that_tell_no_likelihoods_are_refused_in_one_line() -> None:
    with FaultyServer(echo) as server:
        backend = f"local-chat-completions,model=m,base_url={server.url}/chat/completions"
        with pytest.raises(HarnessError, match="takes chat messages only") as refused:
            ask(f"lm-eval:{backend}", asked(1))
        assert not server.asked
    assert "\n" not in str(refused.value)
