"""Widgets for notebooks: avatars to look through, inspect and publish."""

from .gallery import Gallery

__all__ = ["Gallery"]
