"""The `headrace` command from outside: real processes, real files, real HTTP."""
