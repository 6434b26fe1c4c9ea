"""Who reached the service, from where and when, as the Computer Crime Act asks; never what anybody said."""
