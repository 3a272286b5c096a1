"""A board's pages: read from its verified entries, and written where something changed."""

OFFICIAL = "official:data/imhi"  # where a board of the published data has its examples from
