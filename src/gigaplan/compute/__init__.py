"""Compute: what a model needs, and how long it takes on chips."""
