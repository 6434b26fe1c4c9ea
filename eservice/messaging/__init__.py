"""Contacts, conversations, messages and the delivery queue: the only road to a resident."""
