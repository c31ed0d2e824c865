"""Widgets for notebooks: avatars to look through, inspect and publish."""

from .base import Widget
from .gallery import Gallery, Grouping, Order, Shape
from .inspector import Asker, Inspector, Look

__all__ = ["Asker", "Gallery", "Grouping", "Inspector", "Look", "Order", "Shape", "Widget"]
