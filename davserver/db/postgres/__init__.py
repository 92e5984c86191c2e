"""What is done otherwise on PostgreSQL, and quickly. Read `wire`, `reader` and `writer`.

Statements:
    wire         given to libpq itself
    wire_cursor  what of a driver's cursor is used, on it
    wire_values  values as libpq takes them
    wired        the wire of a connection, and its errors

Reading and writing:
    reader       snapshots, used before their version is known and validated then
    writer       transactions, without waiting for what need not be waited for
    collisions   whoever collided with another writer takes turns
    assumed      that what nearly always goes well has, while the answer is on its way
    prefetched   answers that are asked for ahead of their time
    counters     as a writer knows them: used, and validated along the way
"""
