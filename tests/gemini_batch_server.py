"""A real HTTP server on loopback that speaks Gemini's files and batches and misbehaves as told.

Files come in two steps (``POST /upload/v1beta/files``, then the bytes to the address that answers);
``POST /v1beta/models/M:batchGenerateContent`` makes a batch of one, ``GET /v1beta/batches`` lists them and
``GET /v1beta/batches/ID`` shows one; ``GET /v1beta/files/ID:download`` gives the file of its answers. The
address for the bytes names a host that is not there: a client with a base of its own goes there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.misbehaving_server import Answered, Asked
from tests.provider_batches import Ending, Fate, Line, Made, ProviderBatches

_REQUEST = {"contents", "systemInstruction", "generationConfig"}
_CONFIG = {
    "temperature",
    "topP",
    "maxOutputTokens",
    "stopSequences",
    "seed",
    "responseMimeType",
    "responseJsonSchema",
}
_STATES = {"completed": "SUCCEEDED", "cancelled": "CANCELLED", "expired": "EXPIRED"}


def _error(status: int, code: str, message: str) -> Answered:
    return Answered(status, {"error": {"code": status, "message": message, "status": code}})


class GeminiBatchServer(ProviderBatches):
    """``partial``: a batch that is completed says so with BATCH_STATE_PARTIALLY_SUCCEEDED."""

    path = "/v1beta/openai"

    def __init__(self, *arguments: Any, partial: bool = False, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.files: dict[str, bytes] = {}
        self.partial = partial

    def route(self, asked: Asked) -> tuple[str, Callable[[], Answered]]:
        if asked.path.startswith("/bytes/"):
            return "upload", lambda: self.upload(asked)
        if "x-goog-api-key" not in asked.headers:
            return "other", lambda: _error(403, "PERMISSION_DENIED", "no key")
        match asked.method, asked.path.strip("/").split("/"):
            case "POST", ["upload", "v1beta", "files"]:
                return "start", lambda: self.start(asked)
            case "POST", ["v1beta", "models", _]:
                return "create", lambda: self.create(asked)
            case "GET", ["v1beta", "batches"]:
                return "list", lambda: self.list(asked.query)
            case "GET", ["v1beta", "batches", id]:
                return "retrieve", lambda: self.retrieve(id)
            case "GET", ["v1beta", "files", file]:
                return "download", lambda: self.download(file)
        return "other", lambda: _error(404, "NOT_FOUND", f"no such path: {asked.path}")

    def start(self, asked: Asked) -> Answered:
        if asked.headers["x-goog-upload-header-content-type"] != "jsonl":
            return _error(400, "INVALID_ARGUMENT", "Unsupported MIME type")
        size = asked.headers["x-goog-upload-header-content-length"]
        address = f"https://elsewhere.invalid/bytes/{size}"
        return Answered(200, {}, {"x-goog-upload-url": address, "x-goog-upload-status": "active"})

    def upload(self, asked: Asked) -> Answered:
        assert "finalize" in asked.headers["x-goog-upload-command"]
        assert len(asked.body) == int(asked.path.rpartition("/")[2])
        name = f"files/in{len(self.files)}"
        self.files[name] = asked.body
        return Answered(200, {"file": {"name": name}}, {"x-goog-upload-status": "final"})

    def create(self, asked: Asked) -> Answered:
        batch = json.loads(asked.body)["batch"]
        file = batch["inputConfig"]["fileName"]
        if file not in self.files or not asked.path.endswith(":batchGenerateContent"):
            return _error(404, "NOT_FOUND", f"no file {file}")
        lines = []
        for number, raw in enumerate(self.files[file].splitlines(), start=1):
            row = json.loads(raw)
            request = row["request"]
            unknown = set(request) - _REQUEST | set(request["generationConfig"]) - _CONFIG
            if unknown:
                return _error(400, "INVALID_ARGUMENT", f"line {number}: no such field: {unknown}")
            lines.append(Line(row["key"], request["contents"][-1]["parts"][0]["text"], request))
        made = self.execute(f"batches/b{len(self.made) + 1}", batch["displayName"], lines)
        self.files[f"files/batch-{made.id[8:]}"] = b"".join(made.results)
        return Answered(200, self._shown(made))

    def list(self, query: Mapping[str, str]) -> Answered:
        made = list(self.made.values())
        if self.unlisted:
            self.unlisted -= 1
            made = made[:-1]
        start, size = int(query.get("pageToken", 0)), int(query.get("pageSize", 10))
        shown: dict[str, Any] = {}
        # Fields without a value are left out.
        if page := made[start : start + size]:
            shown["operations"] = [self._shown(one) for one in page]
        if start + size < len(made):
            shown["nextPageToken"] = str(start + size)
        return Answered(200, shown)

    def retrieve(self, id: str) -> Answered:
        made = self.made.get(f"batches/{id}")
        if made is None:
            return _error(404, "NOT_FOUND", f"no batch {id}")
        made.looks += 1
        return Answered(200, self._shown(made))

    def download(self, file: str) -> Answered:
        name = f"files/{file.removesuffix(':download')}"
        if not name.startswith("files/batch-") or name not in self.files:
            return _error(404, "NOT_FOUND", f"no file {name}")
        return Answered(200, self.files[name])

    def _shown(self, made: Made) -> dict[str, Any]:
        state = _STATES.get(made.ending.status, "FAILED") if made.done else "RUNNING"
        if self.partial and state == "SUCCEEDED":
            state = "PARTIALLY_SUCCEEDED"
        metadata: dict[str, Any] = {
            "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.GenerateContentBatch",
            "name": made.id,
            "displayName": made.name,
            "state": f"BATCH_STATE_{state}",
            "createTime": "2026-11-20T00:00:00Z",
        }
        shown = {"name": made.id, "metadata": metadata}
        if made.done:
            shown["done"] = True
        if state.endswith("SUCCEEDED"):
            metadata["output"] = {"responsesFile": f"files/batch-{made.id[8:]}"}
        if state == "FAILED" and made.ending.error is not None:
            shown["error"] = {"code": made.ending.error, "message": "the file is no good"}
        return shown

    def written(self, line: Line, fate: Fate) -> bytes:
        match fate.kind:
            case "silent":
                return b""
            case "invalid":
                row = {"error": {"code": 3, "message": fate.said or "contents: no"}}
            case "busy":
                row = {"error": {"code": 8, "message": fate.said or "Resource exhausted"}}
            case "broken":
                row = {"error": {"code": 13, "message": fate.said or "Internal error"}}
            case _:
                row = {"response": _response(line, fate)}
        data = json.dumps({"key": line.id, **row}).encode()
        return (data[: len(data) // 2] if fate.kind == "garbled" else data) + b"\n"

    def not_run(self, line: Line, ending: Ending) -> bytes:
        return b""


def _response(line: Line, fate: Fate) -> dict[str, Any]:
    response: dict[str, Any] = {"modelVersion": "gemini-served", "responseId": "r"}
    if fate.usage:
        # Two tokens of the answer and three of thoughts are paid as output.
        response["usageMetadata"] = {
            "promptTokenCount": 10,
            "candidatesTokenCount": 2,
            "thoughtsTokenCount": 3,
            "totalTokenCount": 15,
        }
    if fate.kind == "blocked":
        return response | {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
    ends = {"long": "MAX_TOKENS", "filtered": "SAFETY"}
    candidate: dict[str, Any] = {"index": 0, "finishReason": ends.get(fate.kind, "STOP")}
    if fate.kind not in ("filtered", "empty"):
        text = fate.text or f"No. Reasoning: echo of {line.prompt}"
        parts = [{"text": fate.thought, "thought": True}] if fate.thought else []
        candidate["content"] = {"role": "model", "parts": [*parts, {"text": text}]}
    return response | {"candidates": [candidate]}
