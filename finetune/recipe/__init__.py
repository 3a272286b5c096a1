"""Recipes: what a training is, as data. Read, checked, overridden, explained."""
