"""The stages of a build: read, explain, check, write. Each is run on what the one before left."""
