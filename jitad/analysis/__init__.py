"""Facts about programs: aliasing, order, activity, and what the reverse sweep has to keep."""
