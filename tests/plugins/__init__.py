"""Plugins: definitions by decorators, and packages that bring them."""
