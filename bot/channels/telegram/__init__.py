"""Telegram: its webhook, its updates, its requests and its client."""
