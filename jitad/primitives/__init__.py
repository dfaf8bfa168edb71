"""Primitives with their derivative rules, and the registry that plugins extend."""
