"""All SQL: tables, migrations, the append to the ledger, set-based queries."""
