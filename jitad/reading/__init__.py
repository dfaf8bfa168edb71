"""From a kernel's source to a program."""
