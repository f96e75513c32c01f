"""What people see: one file a page, each a handler, its typed context and its template's name."""
