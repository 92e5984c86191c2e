"""Any WSGI application in, a hardened HTTPS server out.

`workers.serve` serves from several processes, `server.running_server` in this one. Nothing is
imported here: the supervisor of a running server (`keeper`) must stay small.

Processes:
    workers      the first are forked from here
    worker       one worker's life
    supervisor   replaces those that die, stops all together
    keeper       the supervisor as a small process
    successor    a worker that follows one that died
    drain        the end of a worker
    memory       what a serving process says of its memory

Connections:
    binding      the port
    descriptors  room for as many connections as promised
    server       one worker's server: accepts, and looks after deadlines
    crew         its threads
    compute      many wait, few compute
    parking      where connections wait
    connections  one client's: handshake, heads, requests, end
    steps        where one is in its life
    tls          TLS 1.2 and 1.3
    renewal      a certificate that is replaced while the server runs
    wire         a client's bytes, both ways
    rates        slow is allowed, a trickle is not

Requests:
    head         a request's head, read strictly
    framing      how long its body is
    bodies       a body that ends where it was announced to
    chunked      one in chunks
    input        `wsgi.input`
    environ      the WSGI environ
    gateway      one request through the application
    replies      the answer as bytes
    numbers      of requests
    fronts       drives and pages on one port
    health       `/healthz`

Besides:
    settings     all that the layer is told
    logs         what it writes down
"""
