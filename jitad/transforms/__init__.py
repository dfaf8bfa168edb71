"""Programs into programs: adjoints, and the passes that prepare and tidy them."""
