"""Widgets for notebooks: avatars to look through, inspect, publish and watch, stanzas, and a login."""

from .base import Widget
from .gallery import Gallery, Grouping, Order, Shape
from .inspector import Asker, Inspector, Look
from .login import LoginForm
from .monitor import Monitor
from .publisher import Publisher
from .tracing import TraceViewer

__all__ = [
    "Asker",
    "Gallery",
    "Grouping",
    "Inspector",
    "LoginForm",
    "Look",
    "Monitor",
    "Order",
    "Publisher",
    "Shape",
    "TraceViewer",
    "Widget",
]
