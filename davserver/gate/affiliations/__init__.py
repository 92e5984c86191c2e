"""Affiliations: which structure accompanies whom. Read `affiliations`.

In reading order:
    affiliations         what people do, and ask
    requesting           requests for them
    affiliating          from yes to the end
    ends                 those that end by themselves
    views                as people read them
    older                for grants from before there were any
"""
