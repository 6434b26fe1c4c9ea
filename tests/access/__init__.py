"""Who may do what on every route, and what each refuses."""
