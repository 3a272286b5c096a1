"""A small hub on loopback: dataset repositories in memory, spoken to as the real one is."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

TOKEN = "hf_of_a_test"


@dataclass
class Repository:
    """What is in a repository, and who may read it."""

    private: bool
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)


@dataclass
class Hub:
    """``refuse`` answers every change with this status and sentence."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refuse: tuple[int, str] | None = None
    address: str = ""

    def answer(self, method: str, path: str, token: str, body: bytes) -> tuple[int, Any]:
        self.asked.append(f"{method} {path}")
        if token != f"Bearer {TOKEN}":
            return 401, {"error": "Invalid username or password."}
        if self.refuse and method == "POST":
            return self.refuse[0], {"error": self.refuse[1]}
        parts = path.strip("/").split("/")
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            front_matter = yaml.safe_load(json.loads(body)["content"].split("---\n")[1])
            lacking = {"license", "language", "configs"} - set(front_matter)
            return 200, {"errors": [{"message": f"no {n}"} for n in lacking], "warnings": []}
        name = "/".join(parts[2:4])
        repository = self.repositories.get(name)
        if parts[:2] != ["api", "datasets"] or repository is None:
            return 404, {"error": "Repository not found"}
        match (method, parts[4:5]):
            case "GET", [] | ["revision"]:
                return 200, {
                    "id": name,
                    "private": repository.private,
                    "sha": "0" * 40,
                    "siblings": [{"rfilename": file} for file in repository.files],
                    "tags": [],
                    "downloads": 0,
                    "likes": 0,
                }
            case "GET", ["tree"]:
                return 200, [
                    {"type": "file", "path": file, "size": len(content), "oid": "0" * 40}
                    for file, content in repository.files.items()
                ]
            case "POST", ["preupload"]:
                files = json.loads(body)["files"]
                return 200, {
                    "files": [
                        {"path": f["path"], "uploadMode": "regular", "shouldIgnore": False}
                        for f in files
                    ]
                }
            case "POST", ["commit"]:
                return self._commit(name, repository, body)
        return 404, {"error": f"not known to this hub: {method} {path}"}

    def _create(self, wanted: dict[str, Any]) -> tuple[int, Any]:
        name = f"{wanted['organization']}/{wanted['name']}"
        if name in self.repositories:
            return 409, {"error": "You already created this dataset repo", "url": self.url(name)}
        private = wanted.get("visibility") == "private" or wanted.get("private") is True
        self.repositories[name] = Repository(private)
        return 200, {"url": self.url(name)}

    def _commit(self, name: str, repository: Repository, body: bytes) -> tuple[int, Any]:
        for line in body.splitlines():
            change = json.loads(line)
            value = change["value"]
            match change["key"]:
                case "header":
                    repository.commits.append(value["summary"])
                case "file":
                    repository.files[value["path"]] = base64.b64decode(value["content"])
                case "deletedFile":
                    del repository.files[value["path"]]
        return 200, {"commitUrl": f"{self.url(name)}/commit/1", "commitOid": "1" * 40}

    def url(self, name: str) -> str:
        return f"{self.address}/datasets/{name}"


@contextmanager
def hub_on_loopback() -> Iterator[Hub]:
    """Run a hub while the block lasts; ``hub.address`` is where it is."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = unquote(urlsplit(self.path).path)
            token = self.headers.get("Authorization", "")
            status, value = hub.answer(self.command, path, token, body)
            said = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_HEAD = _handle

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
