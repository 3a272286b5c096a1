"""The eight tasks of IMHI, one file each: labels, questions and counts, nothing else.

Wording and counts are those of the published files (https://github.com/SteveKGYang/MentalLLaMA,
commit 42cd29d; the MentaLLaMA paper, arXiv 2309.13567).
"""
