"""Several trainings that belong together: leave-task-out, several seeds."""
