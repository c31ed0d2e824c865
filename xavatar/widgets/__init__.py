"""Widgets for notebooks: avatars to look through, inspect and publish."""

from .base import Widget
from .gallery import Gallery, Grouping, Order, Shape
from .inspector import Asker, Inspector, Look
from .publisher import Publisher

__all__ = ["Asker", "Gallery", "Grouping", "Inspector", "Look", "Order", "Publisher", "Shape", "Widget"]
