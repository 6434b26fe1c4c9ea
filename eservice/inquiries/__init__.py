"""Questions that the machine could not answer, and the talk with staff that follows."""
