"""Programs: the typed, structured statements that everything else reads and writes."""
