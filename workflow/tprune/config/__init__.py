"""The configuration: typed models that check it, and generate its default file and its schema."""

from tprune.config.load import load_settings
from tprune.config.settings import Settings

__all__ = ["Settings", "load_settings"]
