"""Data Docs that can be read without a request to a foreign host."""
