"""What is true: the registry, the custody ledger, the evidence and the belief drawn from it."""
