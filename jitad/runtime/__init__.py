"""What emitted code calls while it runs, and the tape that it runs on."""
