"""Raw datasets as their authors distribute them: described by presets, read, cleaned, split."""
