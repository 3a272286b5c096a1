"""``lm-eval:`` models: real lm-eval backends, on tiny real models and a real HTTP server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from imhi._core.context import Context
from imhi._core.errors import HarnessError
from imhi._core.fingerprints import prompt_hash
from imhi._core.models import ModelSpec
from imhi._core.plugin_manager import load_plugins
from imhi._core.records import Request, Response
from imhi._core.registry import Registry
from imhi._core.settings import Generation
from imhi.plugins.models import lm_eval_backend
from imhi.plugins.models.lm_eval_backend import compat, compat_backends
from imhi.plugins.models.lm_eval_backend.compat_servers import Usage
from imhi.plugins.models.lm_eval_backend.model import FAILURES_IN_A_ROW, PROBE, LmEvalModel
from imhi.plugins.models.lm_eval_backend.stream import stream
from tests.faulty_server import Asked, FaultyServer, Reply, answer, echo, status, wrong_form
from tests.tiny_models import CHAT_TEMPLATE, demo_posts, save_causal, save_seq2seq

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A causal model without a chat template and a window of 256 tokens."""
    return save_causal(tmp_path_factory.mktemp("plain"), window=256)


@pytest.fixture(scope="module")
def chatty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same weights with a chat template and a wider window."""
    return save_causal(tmp_path_factory.mktemp("chatty"), chat_template=CHAT_TEMPLATE)


def registry() -> Registry:
    found = Registry()
    for family in lm_eval_backend.imhi_models():
        found.add(family, "lm-eval")
    return found


def context(**generation: object) -> Context:
    settings = {"max_new_tokens": 12, **generation}
    return Context(registry(), None, "test", generation=Generation(**settings))  # type: ignore[arg-type]


def model(text: str, where: Context | None = None) -> LmEvalModel:
    where = where or context()
    made = ModelSpec.parse(text, where.registry).create(where)
    assert isinstance(made, LmEvalModel)
    return made


def requests(prompts: list[str], system: str = "") -> list[Request]:
    return [
        Request(str(i), "DR", prompt, prompt_hash(system, prompt), prompt, "?", system=system)
        for i, prompt in enumerate(prompts)
    ]


def texts(responses: list[Response]) -> dict[str, str]:
    assert all(response.error is None for response in responses)
    return {response.id: response.text for response in responses}


def chat(server: FaultyServer, **arguments: object) -> str:
    extra = "".join(f",{name}={value}" for name, value in {"max_retries": 1, **arguments}.items())
    return f"lm-eval:local-chat-completions,model=m,base_url={server.url}/chat/completions{extra}"


# --- what is relied on in lm-eval ----------------------------------------------------------------


def test_vllm_behind_lm_eval_tells_nobody_how_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLLM_NO_USAGE_STATS", raising=False)
    assert "vllm" in compat_backends.backend_names()
    assert os.environ["VLLM_NO_USAGE_STATS"] == "1"


def test_naming_the_plugin_imports_neither_lm_eval_nor_torch() -> None:
    code = (
        "import sys; from imhi.plugins.models import lm_eval_backend as b; list(b.imhi_models());"
        "print([m for m in ('lm_eval', 'torch', 'requests', 'datasets') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_all_of_lm_evals_own_backends_are_offered() -> None:
    assert {"hf", "vllm", "sglang", "local-chat-completions", "anthropic-chat"} <= set(
        compat_backends.backend_names()
    )


def test_hf_announces_each_generation_while_it_works(plain: Path) -> None:
    made = model(f"lm-eval:hf,pretrained={plain},batch_size=2")
    asks = [
        compat.Instance(post[:60], made.prompter.generation_arguments())
        for post in demo_posts()[:5]
    ]
    finished = list(stream(made.lm, asks, Usage))
    assert all(item.announced for item in finished)
    assert sorted(item.index for item in finished) == [0, 1, 2, 3, 4]


def test_the_cache_hook_and_the_return_value_tell_the_same(plain: Path) -> None:
    made = model(f"lm-eval:hf,pretrained={plain},batch_size=3")
    asks = [
        compat.Instance(post[:60], made.prompter.generation_arguments())
        for post in demo_posts()[:7]
    ]
    heard: dict[str, str] = {}
    returned = compat.generate(made.lm, asks, lambda prompt, text: heard.update({prompt: text}))
    assert [heard[ask.context] for ask in asks] == returned


# --- answers -------------------------------------------------------------------------------------


def test_each_of_several_requests_with_one_prompt_gets_its_answer(plain: Path) -> None:
    posts = [post[:80] for post in demo_posts()[:3]]
    found = texts(list(model(f"lm-eval:hf,pretrained={plain}").generate(requests(posts * 3))))
    assert len(found) == 9
    assert found["0"] == found["3"] == found["6"]
    assert len(set(found.values())) == 3


def test_answers_do_not_depend_on_the_batch_size(chatty: Path) -> None:
    asked = requests([f'Post: "{post}"' for post in demo_posts()[:9]])
    one, four = (
        texts(list(model(f"lm-eval:hf,pretrained={chatty},batch_size={size}").generate(asked)))
        for size in (1, 4)
    )
    assert one == four


def test_an_encoder_decoders_answers_do_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    folder = save_seq2seq(tmp_path, architecture="bart")
    asked = requests(list(demo_posts()[:5]))
    together = texts(list(model(f"lm-eval:hf,pretrained={folder}").generate(asked)))
    alone = {}
    for request in asked:
        alone |= texts(list(model(f"lm-eval:hf,pretrained={folder}").generate([request])))
    assert together == alone


def test_a_backend_that_announces_nothing_is_asked_in_small_groups() -> None:
    made = model("lm-eval:dummy")
    sizes = []
    ask_all = made.lm.generate_until
    made.lm.generate_until = lambda asks: sizes.append(len(asks)) or ask_all(asks)
    found = texts(list(made.generate(requests([f"post {i}" for i in range(2 * PROBE + 3)]))))
    assert set(found.values()) == {"lol"}
    assert sizes == [PROBE, PROBE, 3]
    assert made.describe()["streams"] is False


def test_a_server_backend_gets_chat_messages_and_its_usage_is_kept() -> None:
    with FaultyServer(echo) as server:
        where = context(temperature=0.0, system="Be brief.")
        made = model(chat(server), where)
        (response,) = made.generate(requests(["How are you?"], system="Be brief."))
        assert server.asked[0].body["messages"] == [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How are you?"},
        ]
        assert server.asked[0].body["max_tokens"] == 12
        assert "stop" not in server.asked[0].body
    assert response.text == "No. Reasoning: echo of How are you?"
    assert (response.finish_reason, response.prompt_tokens) == ("stop", 3)
    assert response.completion_tokens == len(response.text.split())


def test_a_5_in_a_models_name_does_not_change_how_it_decodes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    where = context(stop=("###",))
    with FaultyServer(echo) as server:
        address = f"base_url={server.url}/chat/completions"
        for name in ("gpt-3.5-turbo", "gpt-5-mini"):
            made = model(f"lm-eval:openai-chat-completions,model={name},{address}", where)
            list(made.generate(requests(["hello"])))
        turbo, mini = (asked.body for asked in server.asked)
    assert (turbo["temperature"], turbo["stop"]) == (0.0, ["###"])
    assert (mini["temperature"], "stop" in mini) == (1, False)
    (note,) = where.notes
    assert "gpt-5-mini was sampled at temperature 1" in note


@pytest.mark.parametrize("concurrent", [1, 4])
def test_answers_of_a_server_reach_the_request_they_belong_to(concurrent: int) -> None:
    prompts = [f"post number {i}" for i in range(30)]
    with FaultyServer(lambda asked: echo(asked).after(0.01 * (asked.index % 3))) as server:
        made = model(chat(server, num_concurrent=concurrent))
        found = texts(list(made.generate(requests(prompts))))
        assert server.max_in_flight <= concurrent
        assert Counter(server.prompts) == Counter(prompts)
    assert found == {str(i): f"No. Reasoning: echo of {p}" for i, p in enumerate(prompts)}


def test_answers_come_out_while_others_are_still_being_made() -> None:
    def script(asked: Asked) -> Reply:
        return echo(asked).after(5.0 if asked.prompt == "slow" else 0.0)

    with FaultyServer(script) as server:
        made = model(chat(server, num_concurrent=4))
        generating = made.generate(requests(["slow", "a", "b", "c"]))
        first = [next(generating).id for _ in range(3)]
        assert sorted(first) == ["1", "2", "3"]
        generating.close()


# --- failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("concurrent", [1, 4])
def test_only_the_requests_that_a_server_refuses_fail(concurrent: int) -> None:
    def script(asked: Asked) -> Reply:
        return status(400, "context too long") if "bad" in asked.prompt else echo(asked)

    prompts = [f"bad {i}" if i in (3, 17) else f"good {i}" for i in range(24)]
    with FaultyServer(script) as server:
        made = model(chat(server, num_concurrent=concurrent))
        found = {r.id: r for r in made.generate(requests(prompts))}
    assert len(found) == 24
    assert {r.id for r in found.values() if r.error} == {"3", "17"}
    assert "400" in str(found["3"].error) and "context too long" in str(found["3"].error)
    assert found["3"].text == ""
    assert found["4"].text == "No. Reasoning: echo of good 4"


@pytest.mark.parametrize("concurrent", [1, 4])
@pytest.mark.parametrize(
    "body", [{"result": "Yes"}, {"choices": []}, {"choices": [{"index": 0, "message": {}}]}]
)
def test_json_of_the_wrong_form_is_a_failure_and_not_an_empty_answer(
    body: dict[str, object], concurrent: int
) -> None:
    def script(asked: Asked) -> Reply:
        return wrong_form(body) if asked.prompt == "odd" else echo(asked)

    with FaultyServer(script) as server:
        made = model(chat(server, num_concurrent=concurrent))
        found = {r.id: r for r in made.generate(requests(["odd", "even"]))}
    assert found["1"].text and found["1"].error is None
    assert "IllFormedAnswer" in str(found["0"].error)


def test_a_held_back_answer_is_an_answer_without_a_text() -> None:
    with FaultyServer([answer("", finish_reason="content_filter")]) as server:
        (response,) = model(chat(server)).generate(requests(["hello"]))
    assert (response.text, response.error, response.finish_reason) == ("", None, "content_filter")


def test_a_passing_failure_is_asked_again_and_counted() -> None:
    with FaultyServer([status(500), answer("Yes.")]) as server:
        (response,) = model(chat(server, max_retries=2)).generate(requests(["hello"]))
        assert len(server.asked) == 2
    assert response.text == "Yes."


def test_a_missing_key_ends_the_run_at_once_without_showing_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    with FaultyServer([status(401, "wrong key sk-secret-0123456789")]) as server:
        made = model(chat(server, num_concurrent=1))
        with pytest.raises(HarnessError, match="status 401") as raised:
            list(made.generate(requests([f"post {i}" for i in range(40)])))
        assert len(server.asked) == 1
    assert "sk-secret" not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_key_is_not_in_what_failing_requests_leave_on_the_terminal() -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.plugins.models.test_lm_eval_backend import *\n"
        "with FaultyServer(lambda asked: status(400, 'no')) as server:\n"
        "    made = model(chat(server, num_concurrent=8))\n"
        "    with pytest.raises(HarnessError):\n"
        "        list(made.generate(requests([f'post {i}' for i in range(40)])))\n"
        "    assert 'sk-secret-0123456789' in server.asked[0].headers['authorization']\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OPENAI_API_KEY": "sk-secret-0123456789"},
    )
    assert run.stdout + run.stderr == ""


def test_a_server_that_is_down_ends_the_run_and_what_came_before_is_kept() -> None:
    def script(asked: Asked) -> Reply:
        return echo(asked) if asked.index < 5 else status(500)

    got = []
    with FaultyServer(script) as server:
        made = model(chat(server, num_concurrent=1))
        with pytest.raises(HarnessError, match="run again, which goes on from here"):
            for response in made.generate(requests([f"post {i:02}" for i in range(60)])):
                got.append(response)
    assert sum(r.error is None for r in got) == 5
    assert sum(r.error is not None for r in got) == FAILURES_IN_A_ROW


def test_a_row_of_bad_requests_does_not_end_the_run() -> None:
    def script(asked: Asked) -> Reply:
        return status(400) if len(asked.prompt) > 50 else echo(asked)

    prompts = ["long " * 20 + str(i) for i in range(FAILURES_IN_A_ROW + 3)] + ["short 1", "short 2"]
    with FaultyServer(script) as server:
        found = {r.id: r for r in model(chat(server)).generate(requests(prompts))}
    assert len(found) == len(prompts)
    assert [r.id for r in found.values() if not r.error] == ["8", "9"]


def test_nobody_listening_any_more_stops_the_backend() -> None:
    with FaultyServer(lambda asked: echo(asked).after(0.02)) as server:
        generating = model(chat(server, num_concurrent=1)).generate(
            requests([f"post {i}" for i in range(200)])
        )
        next(generating)
        generating.close()
        assert len(server.asked) < 10


# --- prompts -------------------------------------------------------------------------------------


def test_the_chat_template_is_used_where_there_is_one(chatty: Path, plain: Path) -> None:
    (request,) = requests(["Hello"])
    assert (
        model(f"lm-eval:hf,pretrained={chatty}").prompter.prompt(request)
        == "<s>[user] Hello\n[assistant]"
    )
    assert model(f"lm-eval:hf,pretrained={plain}").prompter.prompt(request) == "Hello"
    off = context(chat_template="off")
    assert model(f"lm-eval:hf,pretrained={chatty}", off).prompter.prompt(request) == "Hello"


def test_insisting_on_a_chat_template_that_is_not_there_is_an_error(plain: Path) -> None:
    with pytest.raises(HarnessError, match="has no chat template"):
        model(f"lm-eval:hf,pretrained={plain}", context(chat_template="on"))


def test_a_chat_server_cannot_do_without_messages() -> None:
    with FaultyServer(echo) as server, pytest.raises(HarnessError, match="chat messages only"):
        model(chat(server), context(chat_template="off"))


def test_a_system_prompt_without_a_template_goes_before_the_prompt(plain: Path) -> None:
    (request,) = requests(["Hello"], system="Be kind.")
    assert model(f"lm-eval:hf,pretrained={plain}").prompter.prompt(request) == "Be kind.\n\nHello"


def test_a_system_prompt_that_a_template_refuses_is_noted(tmp_path: Path) -> None:
    refusing = (
        "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}"
        "{% endif %}{{ m['content'] }}{% endfor %}"
    )
    where = context()
    made = model(f"lm-eval:hf,pretrained={save_causal(tmp_path, chat_template=refusing)}", where)
    (request,) = requests(["Hello"], system="Be kind.")
    assert made.prompter.prompt(request) == "Hello"
    assert "takes no system prompt" in where.notes[0]


def test_a_prompt_that_lm_eval_cuts_is_marked_and_noted(plain: Path) -> None:
    where = context(max_new_tokens=56)
    made = model(f"lm-eval:hf,pretrained={plain}", where)
    found = {r.id: r for r in made.generate(requests(["word " * 400, "short"]))}
    assert (found["0"].truncated, found["1"].truncated) == (True, False)
    assert found["0"].prompt_tokens is not None and found["0"].prompt_tokens > 200
    assert where.notes == [
        "DR: 1 prompts did not fit the model's window (200 tokens beside the answer); lm-eval cut "
        "them at the start"
    ]


def test_a_window_without_room_for_a_prompt_is_an_error(plain: Path) -> None:
    made = model(f"lm-eval:hf,pretrained={plain}", context(max_new_tokens=256))
    with pytest.raises(HarnessError, match="window has 256 tokens"):
        list(made.generate(requests(["hello"])))


# --- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lm-eval:hg,pretrained=x", "unknown lm-eval backend 'hg'"),
        ("lm-eval:hf,pretraned=x", "did you mean 'pretrained'"),
        ("lm-eval:hf,pretrained=x,dtyp=float32", "did you mean 'dtype'"),
        ("lm-eval:hf", "needs pretrained"),
        ("lm-eval:local-chat-completions,model=m", "needs base_url"),
        ("lm-eval:local-chat-completions,model=m,base_url=u,temprature=1", "unknown argument"),
        ("lm-eval:local-chat-completions,model=m,auth_token=abc", "would store a key"),
        ("lm-eval:hf,pretrained=x,hf_token=abc", "would store a key"),
        ("lm-eval:hf,pretrained=x,my_token=abc", "would store a key"),
        ("lm-eval:local-chat-completions,base_url=http://me:pw@h/v1", "holds credentials"),
        ("lm-eval:hf,pretrained=./no-such-folder", "there is no such folder or file"),
        ("lm-eval:hf,pretrained=tests", "could not start the backend hf"),
        ("lm-eval:hf,pretrained=x,batch_size=big", "expected a whole number above 0, auto"),
        ("lm-eval:vllm,pretrained=x", "vllm"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(HarnessError, match=message) as raised:
        model(text)
    assert "\n" not in str(raised.value)


def test_arguments_of_from_pretrained_go_through(plain: Path) -> None:
    made = model(f"lm-eval:hf,pretrained={plain},attn_implementation=eager,dtype=float32")
    assert made.lm.model.config._attn_implementation == "eager"


def test_a_backend_tells_what_comparisons_of_engines_look_at(plain: Path) -> None:
    described = model(f"lm-eval:hf,pretrained={plain},batch_size=3").describe()
    assert described["engine"]["name"] == "lm-eval hf" and described["engine"]["version"]
    assert (described["model"], described["batch_size"]) == (str(plain), 3)
    served = model(
        "lm-eval:local-completions,model=m,base_url=http://127.0.0.1:1/v1,tokenizer_backend=none"
    )
    assert (served.describe()["model"], served.describe()["concurrency"]) == ("m", 8)


def test_a_half_precision_checkpoint_answers_in_float32_on_a_cpu(tmp_path: Path) -> None:
    folder = save_causal(tmp_path, dtype="bfloat16")
    assert model(f"lm-eval:hf,pretrained={folder},device=cpu").describe()["dtype"] == "float32"
    asked_for = f"lm-eval:hf,pretrained={folder},device=cpu,dtype=bfloat16"
    assert model(asked_for).describe()["dtype"] == "bfloat16"


# --- identity ------------------------------------------------------------------------------------


def identity(text: str) -> dict[str, object]:
    where = context()
    return ModelSpec.parse(text, where.registry).fingerprint(where)


def test_the_fingerprint_follows_the_weights_and_not_the_batch_size(tmp_path: Path) -> None:
    folder = save_causal(tmp_path)
    before = identity(f"lm-eval:hf,pretrained={folder}")
    assert identity(f"lm-eval:hf,pretrained={folder},batch_size=3") == before
    assert identity(f"lm-eval:hf,pretrained={folder},dtype=float16") != before
    save_causal(tmp_path, seed=1)
    assert identity(f"lm-eval:hf,pretrained={folder}") != before


def test_the_fingerprint_names_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match="there is no such folder"):
        identity(f"lm-eval:hf,pretrained={tmp_path}/gone")


def test_the_fingerprint_is_found_without_torch() -> None:
    code = (
        "import sys; sys.path.insert(0, '.');"
        "from tests.plugins.models.test_lm_eval_backend import identity;"
        "before = 'torch' in sys.modules;"
        "identity('lm-eval:hf,pretrained=org/model'); print(before, 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]


def test_a_budget_that_could_not_be_kept_is_refused() -> None:
    where = context()
    where.budget.limit = 1.0
    with pytest.raises(HarnessError, match="--max-cost cannot be kept"):
        model("lm-eval:dummy", where)


# --- ends and thoughts ---------------------------------------------------------------------------


def test_the_end_and_the_tokens_of_an_answer_are_those_that_hf_finds(plain: Path) -> None:
    known = load_plugins().registry
    generation = Generation(max_new_tokens=12)
    asks = requests(list(demo_posts()[:8]))
    found = []
    for name in (
        f"hf:{plain},device=cpu",
        f"lm-eval:hf,pretrained={plain},batch_size=3,device=cpu",
    ):
        where = Context(known, None, "test", generation=generation)  # type: ignore[arg-type]
        made = ModelSpec.parse(name, known).create(where)
        found.append({r.id: (r.finish_reason, r.completion_tokens) for r in made.generate(asks)})
    assert found[0] == found[1]
    assert {reason for reason, _ in found[0].values()} == {"length", "stop"}


def test_a_servers_thoughts_refusals_and_failures_are_told_as_by_openai() -> None:
    known = load_plugins().registry
    where = Context(known, None, "test", generation=Generation(12))  # type: ignore[arg-type]
    messages = {
        "thinks": ({"content": "Yes.", "reasoning_content": "I muse."}, "stop"),
        "only thinks": ({"content": None, "reasoning": "I muse."}, "length"),
        "in parts": (
            {
                "content": [
                    {"type": "thinking", "thinking": "I muse."},
                    {"type": "text", "text": "No."},
                ]
            },
            "stop",
        ),
        "refuses": ({"content": None, "refusal": "I cannot."}, "stop"),
    }

    def script(asked: Asked) -> Reply:
        message, finish = messages.get(asked.prompt, ({"content": "Yes, th"}, "error"))
        return Reply(body={"choices": [{"index": 0, "finish_reason": finish, "message": message}]})

    with FaultyServer(script) as server:
        asks = requests([*messages, "fails"])
        found = {r.id: r for r in model(chat(server), where).generate(asks)}
    told = [(r.text, r.thought, r.finish_reason) for _, r in sorted(found.items())[:4]]
    assert told == [
        ("Yes.", "I muse.", "stop"),
        ("", "I muse.", "length"),
        ("No.", "I muse.", "stop"),
        ("", "", "content_filter"),
    ]
    assert "ended the answer with an error" in str(found["4"].error)


def test_a_think_end_token_throws_no_thought_away(plain: Path) -> None:
    made = model(f"lm-eval:hf,pretrained={plain},device=cpu,think_end_token=e")
    without = model(f"lm-eval:hf,pretrained={plain},device=cpu")
    asks = requests(list(demo_posts()[:3]))
    assert texts(list(made.generate(asks))) == texts(list(without.generate(asks)))
