"""MLflow: a run of its own for each run and each training, through its client.

Nothing of MLflow's fluent interface is used, which keeps one run open for the whole process and adds
the user's name and the program's path to it.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import time
from typing import Any

from imhi import HarnessError, how_to_install
from imhi.plugins.trackers.facts import Parameters, Values
from imhi.plugins.trackers.telling import Known, Telling

_KEY, _KIND = "imhi.key", "imhi.kind"
_LONGEST = 6000  # mlflow.utils.validation.MAX_PARAM_VAL_LENGTH
_BATCH = 100  # mlflow.utils.validation.MAX_PARAMS_TAGS_PER_BATCH
# One server that does not answer must not hold a run up: MLflow's own are 7 retries of 120 seconds.
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}


def observer(uri: str, experiment: str) -> Telling:
    """Return an observer for a tracking URI.

    Raises:
        HarnessError: MLflow is not installed, or the text is no URI.
    """
    if importlib.util.find_spec("mlflow") is None:
        raise HarnessError(
            f"--observer mlflow: found no package mlflow, expected it: {how_to_install('mlflow')}"
        )
    if ":" not in uri and uri != "databricks":
        raise HarnessError(
            f"--observer mlflow:{uri}: expected a tracking URI, such as sqlite:///mlflow.db or "
            "http://HOST:5000"
        )
    return Telling(_Mlflow(uri, experiment))


class _Mlflow:
    def __init__(self, uri: str, experiment: str) -> None:
        self._uri, self._experiment = uri, experiment
        self._client: Any = None
        self._place = ""
        self._runs: dict[str, str] = {}

    def begin(self, key: str, name: str, kind: str, parameters: Parameters) -> Known:
        from mlflow.entities import Param

        client = self._connected()
        found = client.search_runs(
            [self._place], filter_string=f"tags.`{_KEY}` = '{key}'", max_results=1
        )
        if found:
            run = found[0]
            client.update_run(run.info.run_id, status="RUNNING")
        else:
            tags = {_KEY: key, _KIND: kind, "mlflow.source.name": "imhi"}
            run = client.create_run(self._place, run_name=name, tags=tags)
        self._runs[key] = run.info.run_id
        # A parameter cannot be changed: what another version says otherwise stays as it was.
        new = [
            Param(name, value[:_LONGEST])
            for name, value in parameters.items()
            if name not in run.data.params
        ]
        for start in range(0, len(new), _BATCH):
            client.log_batch(run.info.run_id, params=new[start : start + _BATCH])
        return Known(dict(run.data.metrics), self._last_step(run))

    def measure(self, key: str, values: Values, step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        rows = [Metric(name, value, now, step) for name, value in values.items()]
        for start in range(0, len(rows), 1000):  # mlflow.utils.validation.MAX_METRICS_PER_BATCH
            self._connected().log_batch(self._runs[key], metrics=rows[start : start + 1000])

    def end(self, key: str, finished: bool) -> None:
        status = "FINISHED" if finished else "FAILED"
        self._connected().set_terminated(self._runs[key], status)

    def _connected(self) -> Any:
        """Return the client; the first use connects."""
        if self._client is None:
            # Read when MLflow is imported: from 3.2 on it tells its makers how it is used.
            os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
            for name, value in _PATIENCE.items():
                os.environ.setdefault(name, value)
            for name in ("mlflow", "alembic"):
                logging.getLogger(name).setLevel(logging.WARNING)
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=self._uri)
            there = client.get_experiment_by_name(self._experiment)
            self._place = (
                there.experiment_id if there else client.create_experiment(self._experiment)
            )
            self._client = client
        return self._client

    def _last_step(self, run: Any) -> int:
        """Return the last step that progress or a loss was written down for."""
        steps = [
            point.step
            for name in ("progress/answered", "loss", "eval_loss")
            if name in run.data.metrics
            for point in self._client.get_metric_history(run.info.run_id, name)
        ]
        return max(steps, default=-1)
