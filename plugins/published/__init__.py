"""Published results of IMHI, and ``imhi published``, which lists what all plugins know."""
