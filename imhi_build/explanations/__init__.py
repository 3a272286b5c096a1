"""Explanations: asked of a model, or taken from a source that has them; joined to the posts."""
