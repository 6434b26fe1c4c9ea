"""Is it alive, is it ready, how is it doing: for those who run it."""
