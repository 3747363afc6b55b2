"""The dashboard. It reads the published snapshot and nothing else."""
