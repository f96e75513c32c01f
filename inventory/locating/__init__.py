"""Evidence to belief: where the radio says a volume is, and how sure it is. Pure, numpy only."""
