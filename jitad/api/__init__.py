"""What users call: gradients, pullbacks and explanations; arguments are taken apart and results put together here."""
