"""Where examples come from: an official IMHI checkout, rows that a dataset declares."""
