"""One table and what draws it: terminal, Markdown, CSV.

Cells hold texts of strangers (names of models, labels of raw files) as they are. What would steer a
terminal, break a line, be a link or a formula is taken out by the renderers and nowhere else.
"""

from __future__ import annotations
