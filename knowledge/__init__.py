"""Thai text and answers. `thai`, `search` and `classify` are pure; `entries` is the FAQ in the database."""
