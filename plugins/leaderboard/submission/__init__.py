"""Made next."""
