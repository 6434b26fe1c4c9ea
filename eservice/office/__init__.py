"""The office itself: its name, hours, contact points and privacy notice, as people are told them."""
