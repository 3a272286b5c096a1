"""What the task definitions beside this file call. Written by ``imhi export lm-eval``.

Labels are read by the ``strict`` labeler and scored by the metrics of imhi-harness, which must be
installed where lm_eval runs. ``--log_samples`` writes whole examples, posts included.
"""

from pathlib import Path

from imhi.plugins.exporters.lm_eval_export import scoring


def rows(imhi_dataset, **_):
    """Return the examples of a dataset, as lm_eval asks for them."""
    return scoring.rows(Path(__file__).parent / "data" / f"{imhi_dataset}.jsonl")


def process_results(doc, results):
    """Return what each metric needs to know of one answer."""
    return scoring.judged(doc, results[0])


def weighted_f1(items):
    """Return weighted F1 (0 to 100) over all examples."""
    return scoring.score("weighted_f1", items)


def accuracy(items):
    """Return accuracy (0 to 100) over all examples."""
    return scoring.score("accuracy", items)


def unparsed(items):
    """Return the share of answers without a label (0 to 100)."""
    return scoring.score("unparsed", items)
