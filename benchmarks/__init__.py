"""Measurements on real servers, beside peers."""
