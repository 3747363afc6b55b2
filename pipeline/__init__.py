"""The job: stages, gates, lock, history of runs."""
