"""One module a source: what it declares of itself as `SOURCE`."""
