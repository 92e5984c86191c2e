"""The drives over WebDAV: HTTP becomes calls of the gate and back, and nothing is decided
(docs/webdav.md).

Read `app`, `guard`, `login`, `requests`, then one of `methods`.

In reading order:
    app            the WSGI application
    guard          the outermost layer
    doorstep       what is above the drives
    login          who asks
    requests       the table of methods
    visit          what a method is given
    methods/       one file for each, or for two of a kind

In:
    environ        a request out of a WSGI environ, and an answer into it
    urls           from URLs to places, and back
    destination    the Destination field, and URLs in If
    fields         small header fields
    ifheader       the If field
    preconditions  the conditional fields
    looking        conditions that a look judges; Depth
    bodies         how much of a body each method takes
    xmlbody        XML that clients send
    patching       what a PROPPATCH will do

Out:
    reply          what a method gives back
    multistatus    207 bodies
    properties     live properties, one table
    live           what one of them is
    errors         what went wrong, as HTTP says it
    answers        its status and sentence, one table
    french         those sentences in French
    xmltext        text as XML holds it
"""
