"""The command line in parts: options, the engine's life, and what each command does; `python -m s1demo` puts them together."""
