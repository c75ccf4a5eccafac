"""The subcommands; a module's `add_parser` says what it takes."""
