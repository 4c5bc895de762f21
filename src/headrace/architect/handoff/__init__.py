"""What a design hands over beside its documents: a project that runs, with records made up for it."""
