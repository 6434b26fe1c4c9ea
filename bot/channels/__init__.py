"""LINE, Telegram and web chat, each behind the port of `bot.channel`."""
