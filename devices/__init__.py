"""From a reader's bytes to evidence in the database."""
