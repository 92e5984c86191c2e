"""Sharing: who gives what to whom, until when. Read `sharing`, which leads to each of the others.

Giving:
    sharing              what people do, and ask
    giving               an owner gives
    resharing            a professional shares on
    renewing             another end
    taking_back          the end, at once
    ledger               what these do alike
    codes                a code instead of a name

In other people's names:
    offers               what operators give for them
    offering             each step of an offer
    offer_views          offers as people read them

What there is:
    shared_items         what others share with somebody
    seeing               who can see a thing, and why
    insight              one answer to that
    seeing_texts         the same in a sentence
    unseen               why somebody does not see it
"""
