"""The FAQ in the database: drafts and live versions, import and export, the live index, what was asked."""
