"""Leaving the demo: an office of one's own, set up step by step, and what it still lacks before residents come."""
