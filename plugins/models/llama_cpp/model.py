"""The model at work: its slots filled at all times, described for the manifest."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from imhi import HarnessError, Request, Response, label_of, opened_thought
from imhi.checkpoints import Encoded, TextPrompts, failed, request_seed, require_package
from imhi.plugins.models.llama_cpp.arguments import GgufArguments
from imhi.plugins.models.llama_cpp.decoding import decoding, one_of
from imhi.plugins.models.llama_cpp.engine import Cancelling, Engine, Reply, Size, gpus
from imhi.plugins.models.llama_cpp.gguf_file import GgufFile, find_gguf
from imhi.plugins.models.llama_cpp.identity import checksum
from imhi.plugins.models.llama_cpp.sizing import default_threads, memory_of, size_for
from imhi.plugins.models.llama_cpp.tokenizer import GgufTokenizer

if TYPE_CHECKING:
    from imhi import Context, ModelSpec

# Requests beyond the slots wait within llama.cpp, so that a slot that falls free is filled at once.
_WAITING = 2


class GgufModel:
    """Implements :class:`imhi.Model` for one file.

    llama.cpp is started when requests come, with as much memory as they need: first as a tokenizer
    alone, then with slots as long as the longest prompt and its answer.

    Raises:
        HarnessError: llama.cpp cannot load the file; as :class:`imhi.checkpoints.TextPrompts`.
    """

    def __init__(
        self, file: GgufFile, name: str, arguments: GgufArguments, context: Context
    ) -> None:
        self.file = file
        self.name = name
        self.arguments = arguments
        self.context = context
        self.threads = arguments.threads or default_threads()
        self._closed = False
        self._engine: Engine | None = self._started(None)
        self._told = dict(self._engine.properties())
        self._size = Size(0, 0)
        window = arguments.max_length or file.window
        self.prompts = TextPrompts(
            GgufTokenizer(file, self._at_work),
            name,
            context,
            window,
            "max_length" if arguments.max_length else "the file's context_length",
            mode=arguments.chat_template,
            variables=arguments.template,
        )
        self._description = self._described()

    def _started(self, size: Size | None) -> Engine:
        return Engine(self.file, self.name, size, self.threads, self.arguments.gpu_layers)

    def _at_work(self) -> Engine:
        if self._closed:
            raise HarnessError(f"{self.name}: the model was closed; make it again to ask more")
        if self._engine is None:  # an earlier start failed
            self._engine = self._started(None)
        return self._engine

    def generate(self, requests: Sequence[Request]) -> Iterator[Response]:
        """Yield a response to each request as it is answered, the longest prompts first.

        Raises:
            HarnessError: the model was closed, or the slots do not fit the memory.
        """
        self._at_work()
        choosing = self.context.generation.way == "choice"
        if choosing and len(requests):
            first = requests[0]
            text = self.prompts.prompter.text(first.prompt, first.system)
            formats = self.context.registry.thought_formats
            if note := opened_thought(text, self.name, formats):
                self.context.note(note)
        asked, lost = self.prompts.encode(requests)
        yield from lost
        if not asked:
            return
        asked.sort(key=lambda pair: len(pair[1].ids), reverse=True)
        self._make_room(len(asked), len(asked[0][1].ids) + self.prompts.new_tokens)
        answer = self._choose if choosing else self._write
        yield from self._in_slots(asked, answer)

    def _make_room(self, requests: int, longest: int) -> None:
        """Have an engine that can answer so many requests at once."""
        xllamacpp = require_package("xllamacpp", self.name, "gguf")
        engine = self._at_work()
        memory = memory_of(xllamacpp)
        needed = size_for(self.file, requests, longest, memory, self.arguments.slots)
        if engine.size is None or not engine.size.holds(needed):
            if engine.size is not None and engine.size.context > needed.context:
                needed = replace(needed, context=engine.size.context)
            # Two models are never in memory at once.
            self._engine = None
            engine.close()
            self._engine = engine = self._started(needed)
        assert engine.size is not None
        self._size = engine.size
        if engine.size.slots > 1:
            self.context.note(
                f"llama.cpp answers {engine.size.slots} requests at once, and which ones are computed "
                "together changes greedy answers now and then; ,slots=1 repeats them, "
                "--repeat-check N says how far these do"
            )

    def _in_slots(
        self,
        asked: Sequence[tuple[Request, Encoded]],
        answer: Callable[[Request, Encoded, Cancelling], Response],
    ) -> Iterator[Response]:
        """Yield the answers as they come, from threads that each wait for one."""
        waiting: queue.SimpleQueue[tuple[Request, Encoded]] = queue.SimpleQueue()
        done: queue.SimpleQueue[Response | BaseException] = queue.SimpleQueue()
        cancelled = Cancelling()
        for pair in asked:
            waiting.put(pair)

        def work() -> None:
            while not cancelled.cancelled:
                try:
                    request, prompt = waiting.get_nowait()
                except queue.Empty:
                    return
                started = time.perf_counter()
                try:
                    response = answer(request, prompt, cancelled)
                except BaseException as error:
                    done.put(error)
                    return
                done.put(replace(response, latency=round(time.perf_counter() - started, 4)))

        engine = self._at_work()
        assert engine.size is not None
        count = min(len(asked), engine.size.slots + (_WAITING if engine.size.slots > 1 else 0))
        threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
        for thread in threads:
            thread.start()
        try:
            for _ in asked:
                came = done.get()
                if isinstance(came, BaseException):
                    raise came
                yield came
        finally:
            # Interrupted, or nobody wants the rest: what is in flight is given up.
            cancelled.cancel()
            for thread in threads:
                thread.join()

    def _write(self, request: Request, prompt: Encoded, cancelled: Cancelling) -> Response:
        reply = self._asked(request, prompt, cancelled, {})
        if reply.error:
            return failed(request, reply.error)
        end = len(reply.tokens) if reply.ended else None
        return self.prompts.response(request, prompt, reply.tokens, (), end)

    def _choose(self, request: Request, prompt: Encoded, cancelled: Cancelling) -> Response:
        chat = self.prompts.prompter.template is not None
        space = not chat and not request.prompt[-1:].isspace()
        grammar = one_of(list(request.choices.values()), space)
        reply = self._asked(request, prompt, cancelled, {"grammar": grammar})
        if reply.error:
            return failed(request, reply.error)
        label = label_of(request, reply.text)
        if label is None:
            why = f"llama.cpp held the answer to no label: {reply.text[:60]!r}"
            return failed(request, why)
        return Response(
            request.id,
            request.dataset,
            request.prompt_hash,
            text=request.choices[label],
            label=label,
            finish_reason="stop",
            prompt_tokens=len(prompt.ids),
            completion_tokens=len(reply.tokens),
            truncated=prompt.truncated,
        )

    def _asked(
        self,
        request: Request,
        prompt: Encoded,
        cancelled: Cancelling,
        more: Mapping[str, object],
    ) -> Reply:
        seed = request_seed(self.context.seed, request)
        fields = decoding(self.context.generation, seed, self.prompts.new_tokens)
        return self._at_work().complete({**fields, **more, "prompt": prompt.ids}, cancelled)

    def describe(self) -> Mapping[str, object]:
        """Return what the manifest holds about the model; it stays when the model is closed."""
        if not self._closed:
            self._description = self._described()
        return self._description

    def _described(self) -> dict[str, object]:
        xllamacpp = require_package("xllamacpp", self.name, "gguf")
        size = self._size
        devices = gpus(xllamacpp) if self.arguments.gpu_layers != "0" else []
        processor = f"{self.threads} threads"
        return {
            "id": self.file.path.name,
            "revision": checksum(self.file),
            "architecture": self.file.architecture,
            "parameters": self.file.parameters,
            "quantisation": self._told.get("model_ftype", ""),
            "engine": {
                "name": "llama.cpp",
                # The last part of its version is llama.cpp's own.
                "version": f"b{xllamacpp.__version__.rpartition('.')[2]}",
                "xllamacpp": xllamacpp.__version__,
            },
            "device": devices[0]["name"] if devices else "cpu",
            "device_name": devices[0]["description"] if devices else processor,
            "gpu_layers": self.arguments.gpu_layers if devices else 0,
            "threads": self.threads,
            "concurrency": size.slots,
            "context": size.context,
            "window": self.prompts.window,
            "window_from": self.prompts.window_from,
            **self.prompts.describe(),
        }

    def close(self) -> None:
        """Let go of the weights; what :meth:`describe` said stays."""
        self.describe()
        self._closed = True
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()


def create(spec: ModelSpec, context: Context) -> GgufModel:
    """Read the file's header and start its tokenizer.

    Raises:
        HarnessError: see :class:`GgufModel` and
            :func:`imhi.plugins.models.llama_cpp.gguf_file.find_gguf`.
    """
    require_package("xllamacpp", spec.name, "gguf")
    arguments = GgufArguments(**spec.arguments)
    return GgufModel(find_gguf(spec.target), spec.name, arguments, context)
