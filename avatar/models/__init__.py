"""Weights: which exist, where they come from, their hashes; fetched, verified and found again."""

from avatar.models.catalog import Catalog, Model, load_catalog, this_platform
from avatar.models.store import Store, model_path

__all__ = ["Catalog", "Model", "Store", "load_catalog", "model_path", "this_platform"]
