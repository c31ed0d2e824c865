"""Avatars on XMPP."""
