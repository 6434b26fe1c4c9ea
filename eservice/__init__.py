"""The e-service backend: everything an office does for residents, whatever the channel."""
