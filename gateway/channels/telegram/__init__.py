"""Telegram, by aiogram's typed `Bot` and a loop of our own that asks for updates."""
