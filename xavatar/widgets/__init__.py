"""Widgets for notebooks: avatars to look through, inspect and publish."""

from .base import Widget
from .gallery import Gallery, Grouping, Order, Shape

__all__ = ["Gallery", "Grouping", "Order", "Shape", "Widget"]
