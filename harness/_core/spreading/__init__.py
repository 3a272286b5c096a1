"""Work spread over workers that may be slow, or die: pulled in portions, redone, paid for once."""
