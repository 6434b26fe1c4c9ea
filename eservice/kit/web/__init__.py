"""What portal, chat and console share: layouts, macros, styles, fonts and their rendering."""
