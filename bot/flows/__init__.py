"""What the conversation can do, a file for each: menu, questions and answers, talking to staff, emergencies."""
