"""The IMHI harness: what plugins are written with, and ``evaluate`` and ``compare`` for scripts.

This module and its three neighbours are the public interface; everything below ``imhi._core`` is
private and may change. Plugins, built-in ones included, import from here and nowhere else:

* :mod:`imhi`: hooks, declarations, records, errors, models, answers.
* :mod:`imhi.runs`: run folders, scores, comparisons, statistics, views.
* :mod:`imhi.checkpoints`: finding and loading transformers models, batches by tokens.
* :mod:`imhi.io`: terminals, options of commands, tables, YAML, files that appear whole.

Names are looked up when they are first used: importing any of the four is cheap::

    from imhi import evaluate
    results = evaluate(models=["baseline:tfidf"], datasets=["DR"])
    results.to_pandas()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imhi._core.answers import (
        MARKER as MARKER,
    )
    from imhi._core.answers import (
        compose as compose,
    )
    from imhi._core.answers import (
        explanation_of as explanation_of,
    )
    from imhi._core.answers import (
        gold_label as gold_label,
    )
    from imhi._core.answers import (
        split_answer as split_answer,
    )
    from imhi._core.budget import (
        Budget as Budget,
    )
    from imhi._core.budget import (
        Estimate as Estimate,
    )
    from imhi._core.budget import (
        summed as summed,
    )
    from imhi._core.built_rows import (
        BuiltRow as BuiltRow,
    )
    from imhi._core.built_rows import (
        Finding as Finding,
    )
    from imhi._core.comparing import (
        Comparison as Comparison,
    )
    from imhi._core.comparing import (
        compare as compare,
    )
    from imhi._core.context import (
        Context as Context,
    )
    from imhi._core.declarations import (
        Argument as Argument,
    )
    from imhi._core.declarations import (
        Dataset as Dataset,
    )
    from imhi._core.declarations import (
        Label as Label,
    )
    from imhi._core.declarations import (
        Labeler as Labeler,
    )
    from imhi._core.declarations import (
        Metric as Metric,
    )
    from imhi._core.declarations import (
        ModelFamily as ModelFamily,
    )
    from imhi._core.declarations import (
        ModelPreset as ModelPreset,
    )
    from imhi._core.declarations import (
        PromptStyle as PromptStyle,
    )
    from imhi._core.declarations import (
        Question as Question,
    )
    from imhi._core.declarations import (
        Source as Source,
    )
    from imhi._core.declarations import (
        Task as Task,
    )
    from imhi._core.declarations import (
        View as View,
    )
    from imhi._core.declarations import (
        resolve as resolve,
    )
    from imhi._core.errors import (
        DataError as DataError,
    )
    from imhi._core.errors import (
        HarnessError as HarnessError,
    )
    from imhi._core.errors import (
        RunIncomplete as RunIncomplete,
    )
    from imhi._core.errors import (
        UnknownName as UnknownName,
    )
    from imhi._core.evaluation import (
        evaluate as evaluate,
    )
    from imhi._core.events import (
        Event as Event,
    )
    from imhi._core.events import (
        ExampleFailed as ExampleFailed,
    )
    from imhi._core.events import (
        ExamplesScored as ExamplesScored,
    )
    from imhi._core.events import (
        ResponsesWritten as ResponsesWritten,
    )
    from imhi._core.events import (
        RunFinished as RunFinished,
    )
    from imhi._core.events import (
        RunStarted as RunStarted,
    )
    from imhi._core.events import (
        StageFinished as StageFinished,
    )
    from imhi._core.events import (
        StageStarted as StageStarted,
    )
    from imhi._core.events import (
        TrainingFinished as TrainingFinished,
    )
    from imhi._core.events import (
        TrainingLogged as TrainingLogged,
    )
    from imhi._core.events import (
        TrainingSaved as TrainingSaved,
    )
    from imhi._core.events import (
        TrainingStarted as TrainingStarted,
    )
    from imhi._core.extensions import (
        AuditFlag as AuditFlag,
    )
    from imhi._core.extensions import (
        BuildCheck as BuildCheck,
    )
    from imhi._core.extensions import (
        BuildFormat as BuildFormat,
    )
    from imhi._core.extensions import (
        Executor as Executor,
    )
    from imhi._core.extensions import (
        PublishedResults as PublishedResults,
    )
    from imhi._core.extensions import (
        Reporter as Reporter,
    )
    from imhi._core.extensions import (
        ReportSection as ReportSection,
    )
    from imhi._core.extensions import (
        Trainer as Trainer,
    )
    from imhi._core.fingerprints import (
        canonical_json as canonical_json,
    )
    from imhi._core.fingerprints import (
        digest as digest,
    )
    from imhi._core.fingerprints import (
        file_checksum as file_checksum,
    )
    from imhi._core.fingerprints import (
        post_key as post_key,
    )
    from imhi._core.fingerprints import (
        prompt_hash as prompt_hash,
    )
    from imhi._core.hookspecs import (
        hookimpl as hookimpl,
    )
    from imhi._core.labelers import (
        parse_labeler as parse_labeler,
    )
    from imhi._core.light_imports import import_sklearn as import_sklearn
    from imhi._core.metrics import Score as Score
    from imhi._core.models import (
        ModelSpec as ModelSpec,
    )
    from imhi._core.models import (
        create_model as create_model,
    )
    from imhi._core.models import (
        estimate as estimate,
    )
    from imhi._core.models import (
        fingerprint as fingerprint,
    )
    from imhi._core.models import (
        parse_count as parse_count,
    )
    from imhi._core.models import (
        parse_flag as parse_flag,
    )
    from imhi._core.models import (
        parse_model as parse_model,
    )
    from imhi._core.plugin_manager import (
        PluginManager as PluginManager,
    )
    from imhi._core.plugin_manager import (
        load_plugins as load_plugins,
    )
    from imhi._core.protocols import (
        BuildPrompt as BuildPrompt,
    )
    from imhi._core.protocols import (
        Model as Model,
    )
    from imhi._core.protocols import (
        OpenSource as OpenSource,
    )
    from imhi._core.protocols import (
        ReadLabels as ReadLabels,
    )
    from imhi._core.records import (
        Example as Example,
    )
    from imhi._core.records import (
        Prediction as Prediction,
    )
    from imhi._core.records import (
        Request as Request,
    )
    from imhi._core.records import (
        Response as Response,
    )
    from imhi._core.records import (
        as_row as as_row,
    )
    from imhi._core.records import (
        from_row as from_row,
    )
    from imhi._core.registry import (
        Registry as Registry,
    )
    from imhi._core.report import Report as Report
    from imhi._core.results import (
        ReportOptions as ReportOptions,
    )
    from imhi._core.results import (
        Results as Results,
    )
    from imhi._core.results import (
        RunScores as RunScores,
    )
    from imhi._core.settings import (
        Generation as Generation,
    )
    from imhi._core.settings import (
        RunSettings as RunSettings,
    )
    from imhi._core.sources import open_source as open_source
    from imhi._core.statistics import (
        Array as Array,
    )
    from imhi._core.statistics import (
        Measure as Measure,
    )
    from imhi._core.statistics import (
        mean_measure as mean_measure,
    )
    from imhi._core.typed_arguments import (
        argument as argument,
    )
    from imhi._core.typed_arguments import (
        arguments_of as arguments_of,
    )
    from imhi._core.typed_arguments import (
        parse_choice as parse_choice,
    )
    from imhi._core.worker_imports import (
        worker_import_path as worker_import_path,
    )
    from imhi._core.worker_imports import (
        worker_modules as worker_modules,
    )
else:
    from imhi._core.lazy import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, __file__)
