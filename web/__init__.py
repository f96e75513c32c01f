"""Where people and programs come in: pages, the JSON API, live updates."""
