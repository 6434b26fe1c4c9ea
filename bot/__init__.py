"""The conversation: channels, intake, routing, dialogs and delivery."""
