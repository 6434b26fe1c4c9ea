"""Runnable benchmarks; each prints its figures."""
