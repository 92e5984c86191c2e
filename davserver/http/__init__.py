"""What the drive and the pages both know of HTTP: who asks, in which language, bytes in and out.

In reading order:
    environ             what both read of a WSGI environ
    forwarded           who asks, through proxies that are listed
    client_certificate  a client's certificate, as a proxy names it
    reader              for whom an answer is written
    streams             bytes in, counted, and out, in pieces
    ranges              Range and If-Range
    dates               HTTP dates, both ways
    media               media types
    malformed           what is raised where a request is wrong about itself
"""
