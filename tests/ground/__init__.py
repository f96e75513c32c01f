"""The ground Guiwei stands on: servers, settings, set-up."""
