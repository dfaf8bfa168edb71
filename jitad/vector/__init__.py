"""Elementary functions in vector registers: which there are, who serves them, and how compiled code calls them."""
