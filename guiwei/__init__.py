"""Guiwei (归位): the composition root. Starts things and wires them; holds no rules."""
