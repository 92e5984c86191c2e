"""One file for each method of WebDAV, or for two of a kind: each makes one call of the gate.

In reading order:
    get        GET and HEAD
    put        PUT
    mkcol      MKCOL
    delete     DELETE
    copymove   COPY and MOVE
    propfind   PROPFIND
    proppatch  PROPPATCH
    lock       LOCK and UNLOCK
    options    OPTIONS
    unknown    all others
"""
