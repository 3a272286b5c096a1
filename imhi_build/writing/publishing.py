"""Uploads a written dataset to the Hugging Face hub. Never called unless somebody asks for it.

Posts leave the machine here. So: a repository is private unless it is said otherwise, one that is
public already is not filled by accident, and the token is taken from the environment alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from imhi import HarnessError
from imhi.build.writing.dataset_dict import CARD, DATA, front_matter
from imhi.build.writing.libraries import require

PACKAGES = ("huggingface_hub",)
_MESSAGE = "Written by imhi build write"


def check_push(repo_id: str, token_env: str = "HF_TOKEN") -> str:
    """Return the token, when what is needed for a push is there: to be called before long work.

    Raises:
        HarnessError: no token, a name that no repository can have, or no huggingface_hub.
    """
    require("--push", PACKAGES)
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo_id)
        if repo_id.count("/") != 1:
            raise HFValidationError("no owner")
    except HFValidationError:
        raise HarnessError(
            f"--push: found '{repo_id}', expected OWNER/NAME, as a repository of the Hub is called"
        ) from None
    token = os.environ.get(token_env, "").strip()
    if not token:
        raise HarnessError(
            f"--push {repo_id}: the environment variable {token_env} is not set; put a token with "
            "write access into it (https://huggingface.co/settings/tokens)"
        )
    return token


def push(folder: Path, repo_id: str, private: bool = True, token_env: str = "HF_TOKEN") -> str:
    """Upload a dataset folder to ``repo_id``, and return its address.

    The repository is made where there is none. Parquet files of an earlier push that are no more are
    removed; nothing else there is touched. Another server than the Hub's is taken from HF_ENDPOINT.

    Raises:
        HarnessError: not a dataset folder, no token, a bad name, a repository that is public though
            ``private`` is asked for, or a server that refuses or does not answer.
    """
    front_matter(folder)
    token = check_push(repo_id, token_env)
    from huggingface_hub import HfApi

    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or None
    api = HfApi(endpoint=endpoint, token=token)
    where = f"dataset {repo_id} at {api.endpoint}"
    try:
        api.create_repo(repo_id, repo_type="dataset", private=private, exist_ok=True)
        info = api.repo_info(repo_id, repo_type="dataset")
        if private and not info.private:
            raise HarnessError(
                f"--push: the {where} is public: make it private first, or give --public if "
                "everybody may read these posts"
            )
        api.upload_folder(
            repo_id=repo_id,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=[CARD, f"{DATA}/**"],
            delete_patterns=[f"{DATA}/**/*.parquet"],
            commit_message=_MESSAGE,
        )
    except _failures() as error:
        raise _one_line(error, where, token) from None
    return f"{api.endpoint}/datasets/{repo_id}"


def _failures() -> tuple[type[Exception], ...]:
    """Return what a server or the way to it can raise: which HTTP library is in use, and so what it
    raises, depends on the version of huggingface_hub; its uploader raises RuntimeError."""
    from huggingface_hub import errors

    return (OSError, RuntimeError, ValueError, getattr(errors, "HTTPError", OSError))


def _one_line(error: Exception, where: str, token: str) -> HarnessError:
    response: Any = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    reason = " ".join(str(getattr(error, "server_message", None) or error).split())
    reason = reason.replace(token, "***")[:200] or type(error).__name__
    if status in (401, 403):
        do = "the token may not write there: take another one, or another OWNER"
    elif status is not None:
        do = "what was written stays: try again later"
    else:
        do = "is the network there? What was written stays: try again later"
    answer = f"answered {status} ({reason})" if status else f"cannot be reached ({reason})"
    return HarnessError(f"--push: {where}: {answer}; {do}")
