"""The staff console: pages for the people who run the office."""
