"""What a training leaves, and how the harness evaluates it."""
