"""Complaints: what residents report, and how the office keeps its word on it."""
