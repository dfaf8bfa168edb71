"""From emitted source to a callable, cached on disk."""
