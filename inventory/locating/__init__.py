"""Evidence to belief: where the radio says a volume is, and how sure it is. Pure, numpy only.

    belief = believe(sightings up to an instant, trail, places, ledger as of that instant, model)

No state, no clock: the same arguments give the same belief, bit for bit. A better model replaces `believing.believe` and
`learning.learn` and nothing else; what comes in and goes out is fixed by `arrays`.
"""
