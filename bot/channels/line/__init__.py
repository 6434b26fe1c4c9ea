"""LINE: webhooks in, replies and pushes out, the rich menu."""
