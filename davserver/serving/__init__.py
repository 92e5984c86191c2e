"""Any WSGI application in, a hardened HTTPS server out.

`workers.serve` serves from several processes, `server.running_server` in this one. Nothing is
imported here: the supervisor of a running server (`keeper`) must stay small.
"""
