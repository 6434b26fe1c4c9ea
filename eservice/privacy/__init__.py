"""What the office owes the people whose data it keeps: a register, copies, erasure, retention, breaches."""
