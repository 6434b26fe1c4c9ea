"""Declarative dialogs: steps are described, one pure engine runs them all."""
