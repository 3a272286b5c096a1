"""A task with rows of its own, a model and a metric: a complete plugin in one module."""

from pathlib import Path

import imhi
from imhi import Label, hookimpl


@hookimpl
def imhi_tasks():
    yes = Label("yes", "Yes, the poster sleeps badly.")
    no = Label("no", "No, the poster does not sleep badly.")
    question = imhi.Question("Does the poster sleep badly?")
    rows = str(Path(__file__).with_name("sleep.jsonl"))
    sleep = imhi.Dataset("sleep", (yes, no), (question,), rows=rows, note="fictional posts")
    yield imhi.Task("sleep trouble detection", "Does the poster sleep badly?", (sleep,))


class Keywords:
    """Gives a dataset's first label where the post holds one of the words, else its last."""

    def __init__(self, spec, context):
        self.words, self.context = spec.target.split("|"), context

    def generate(self, requests):
        for asked in requests:
            found = [word for word in self.words if word.lower() in asked.post.lower()]
            label = self.context.dataset(asked.dataset).labels[0 if found else -1]
            why = f"The post says {found[0]}." if found else "No telling word was found."
            text = f"{label.sentence} Reasoning: {why}"
            yield imhi.Response(asked.id, asked.dataset, asked.prompt_hash, text)

    def describe(self):
        return {"words": self.words}

    def close(self):
        pass


@hookimpl
def imhi_models():
    yield imhi.ModelFamily("keyword", "Looks for words", Keywords, target="WORD|WORD|...")


def grounded(examples, responses, predictions, context):
    """Percent of the words of each explanation that stand in the post."""
    shares = []
    for example, response in zip(examples, responses, strict=True):
        post = set(example.post.lower().split())
        said = imhi.explanation_of(response.text).lower().rstrip(".").split()
        shares.append(100 * sum(word in post for word in said) / len(said) if said else 0)
    return [imhi.Measure.mean("grounded", shares)]


@hookimpl
def imhi_metrics():
    yield imhi.Metric("grounded", "Explanation words found in the post", grounded)
