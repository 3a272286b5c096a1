"""Thoughts put before answers, in every form that models are known to give them."""

from __future__ import annotations

from collections.abc import Mapping

THOUGHT = (
    'We need to decide. The poster writes "I am fine". Reasoning: that may be a wish. Answer: yes. '
    "No, wait: the poster does not suffer from depression. The stress cause is school.\nHmm."
)
"""Holds all that a labeler looks for: label sentences, ``Answer:``, ``Reasoning:``."""

FORMS: Mapping[str, str] = {
    "think": "<think>\n{thought}\n</think>\n\n{answer}",
    "think, upper case and run on": "<THINK>{thought}</THINK>{answer}",
    "opening tag in the prompt": "{thought}\n</think>\n\n{answer}",
    "opening tag in the prompt, run on": "{thought}</think>{answer}",
    "think and answer tags": "<think>{thought}</think>\n<answer>{answer}</answer>",
    "empty thought, then a thought": "<think>\n\n</think>\n\n<think>{thought}</think>{answer}",
    "thinking": "<thinking>{thought}</thinking>\n{answer}",
    "thought": "<thought>\n{thought}</thought>\n\n{answer}",
    "reasoning": "<reasoning>\n{thought}\n</reasoning>\n<answer>\n{answer}\n</answer>",
    "reason": "<reason>{thought}</reason>{answer}",
    "magistral": "[THINK]{thought}[/THINK]{answer}",
    "harmony": "<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant"
    "<|channel|>final<|message|>{answer}<|return|>",
    "harmony with commentary": "<|channel|>analysis<|message|>{thought}<|end|><|start|>assistant"
    "<|channel|>commentary<|message|>I will answer.<|end|><|start|>assistant"
    "<|channel|>final<|message|>{answer}",
    "harmony without special tokens": "analysis{thought}assistantfinal{answer}",
    "gemma": "<|channel>thought\n{thought}\n<channel|>{answer}",
    "granite": "Here is my thought process:\n\n{thought}\n\nHere is my response:\n\n{answer}",
    "granite, quantised": "Here's my thought process: {thought} Here's my response: {answer}",
    "kimi": "◁think▷{thought}◁/think▷{answer}",
    "kimi k3": "<|open|>think<|sep|>{thought}<|close|>think<|sep|><|open|>response<|sep|>{answer}"
    "<|close|>response<|sep|><|end_of_msg|>",
    "seed": "<seed:think>{thought}</seed:think>{answer}",
    "cohere": "<|START_THINKING|>{thought}<|END_THINKING|><|START_RESPONSE|>{answer}"
    "<|END_RESPONSE|>",
    "apertus": "<|inner_prefix|>{thought}<|inner_suffix|>{answer}",
    "minimax": "<mm:think>{thought}</mm:think>{answer}",
    "open thoughts": "<|begin_of_thought|>\n\n{thought}\n\n<|end_of_thought|>\n\n"
    "<|begin_of_solution|>\n\n{answer}\n\n<|end_of_solution|>",
}
"""What a model writes, by form."""


def thinking(form: str, answer: str, thought: str = THOUGHT) -> str:
    """Return an answer with a thought before it."""
    return FORMS[form].replace("{answer}", answer).replace("{thought}", thought)


def cut_off(form: str, thought: str = THOUGHT) -> str:
    """Return a thought that ends before its end."""
    return FORMS[form].partition("{thought}")[0] + thought
