"""The form of a published snapshot: how it is written, read and described."""
