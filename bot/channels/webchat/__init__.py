"""The web chat: visitors' sessions, their messages, and what we say to them, over JSON and SSE."""
