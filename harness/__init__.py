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
    from imhi._core import (
        answer_format as answer_format,
        finish_reasons as finish_reasons,
    )
    from imhi._core.answer_format import (
        compose as compose,
        explanation_of as explanation_of,
        split_answer as split_answer,
    )
    from imhi._core.answered import (
        take_apart as take_apart,
    )
    from imhi._core.budget import (
        Budget as Budget,
        Estimate as Estimate,
        PriceFacts as PriceFacts,
        Rate as Rate,
    )
    from imhi._core.built_rows import (
        BuiltRow as BuiltRow,
        Finding as Finding,
    )
    from imhi._core.comparing import (
        Comparison as Comparison,
        compare as compare,
    )
    from imhi._core.context import (
        Context as Context,
    )
    from imhi._core.declarations import (
        Dataset as Dataset,
        Label as Label,
        Labeler as Labeler,
        Metric as Metric,
        ModelFamily as ModelFamily,
        ModelPreset as ModelPreset,
        PromptStyle as PromptStyle,
        Question as Question,
        Source as Source,
        Task as Task,
        View as View,
        resolve as resolve,
    )
    from imhi._core.errors import (
        DataError as DataError,
        HarnessError as HarnessError,
        RunIncomplete as RunIncomplete,
        UnknownName as UnknownName,
        faults_of as faults_of,
    )
    from imhi._core.evaluation import (
        evaluate as evaluate,
    )
    from imhi._core.events import (
        AnswersCached as AnswersCached,
        Event as Event,
        ExampleFailed as ExampleFailed,
        ExamplesScored as ExamplesScored,
        ResponsesWritten as ResponsesWritten,
        RunFinished as RunFinished,
        RunStarted as RunStarted,
        StageFinished as StageFinished,
        StageStarted as StageStarted,
        TrainingFinished as TrainingFinished,
        TrainingLogged as TrainingLogged,
        TrainingSaved as TrainingSaved,
        TrainingStarted as TrainingStarted,
    )
    from imhi._core.extensions import (
        AuditFlag as AuditFlag,
        BuildCheck as BuildCheck,
        BuildFormat as BuildFormat,
        EnergyMeter as EnergyMeter,
        Executor as Executor,
        Observer as Observer,
        PublishedResults as PublishedResults,
        Reporter as Reporter,
        ReportSection as ReportSection,
        ThoughtFormat as ThoughtFormat,
        Trainer as Trainer,
    )
    from imhi._core.fingerprints import (
        code_checksum as code_checksum,
        digest as digest,
        file_checksum as file_checksum,
        post_key as post_key,
    )
    from imhi._core.hookspecs import (
        hookimpl as hookimpl,
    )
    from imhi._core.installing import how_to_install as how_to_install
    from imhi._core.label_choice import (
        by_likelihood as by_likelihood,
        label_of as label_of,
        not_a_number as not_a_number,
        opened_thought as opened_thought,
        seam as seam,
    )
    from imhi._core.labelers import (
        LabelerSpec as LabelerSpec,
    )
    from imhi._core.light_imports import import_sklearn as import_sklearn
    from imhi._core.messages import (
        Message as Message,
        read_message as read_message,
    )
    from imhi._core.metrics import Score as Score
    from imhi._core.models import (
        ModelSpec as ModelSpec,
    )
    from imhi._core.plugin_manager import (
        PluginManager as PluginManager,
        load_plugins as load_plugins,
    )
    from imhi._core.protocols import (
        BuildPrompt as BuildPrompt,
        Model as Model,
        OpenSource as OpenSource,
        PriceList as PriceList,
        ReadLabels as ReadLabels,
    )
    from imhi._core.records import (
        Example as Example,
        Prediction as Prediction,
        Request as Request,
        Response as Response,
        as_row as as_row,
        from_row as from_row,
    )
    from imhi._core.registry import (
        Registry as Registry,
    )
    from imhi._core.report import Report as Report
    from imhi._core.results import (
        ReportOptions as ReportOptions,
        Results as Results,
        RunScores as RunScores,
    )
    from imhi._core.run_store.energy import Energy as Energy
    from imhi._core.samples import sample_seed as sample_seed
    from imhi._core.settings import (
        Generation as Generation,
        RunSettings as RunSettings,
    )
    from imhi._core.sources import open_source as open_source
    from imhi._core.statistics import (
        Array as Array,
        Measure as Measure,
        mean_measure as mean_measure,
    )
    from imhi._core.thoughts import ends_in_thought as ends_in_thought
    from imhi._core.typed_arguments import (
        Argument as Argument,
    )
    from imhi._core.worker_imports import (
        worker_import_path as worker_import_path,
        worker_modules as worker_modules,
    )
else:
    from imhi._core.lazy import lazy_names

    __getattr__, __dir__ = lazy_names(__name__, __file__)
