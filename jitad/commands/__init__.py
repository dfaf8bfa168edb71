"""The subcommands of ``jitad``, one module each: ``add`` says what it takes, ``run`` does it."""
