"""How many dossiers an agency held, as of any day, as known at any time."""
