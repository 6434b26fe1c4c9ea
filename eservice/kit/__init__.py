"""What every slice stands on: settings, database, time, errors, text, web shell."""
