"""Trains one model on one set of rows: causal, encoder-decoder or classifier."""
