"""Outgoing webhooks: telling partner systems what happens, signed, tried again, and logged."""
