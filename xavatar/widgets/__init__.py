"""Widgets for notebooks: avatars to look through, inspect and publish."""

from .base import Widget
from .gallery import Gallery, Grouping, Order, Shape
from .inspector import Asker, Inspector, Look
from .login import Login
from .monitor import Monitor
from .publisher import Publisher
from .tracing import TraceViewer

__all__ = [
    "Asker",
    "Gallery",
    "Grouping",
    "Inspector",
    "Login",
    "Look",
    "Monitor",
    "Order",
    "Publisher",
    "Shape",
    "TraceViewer",
    "Widget",
]
