"""What is done otherwise on PostgreSQL, and quickly. Read `wire`, `look` and `writer`.

Statements:
    wire         given to libpq itself
    wire_cursor  what of a driver's cursor is used, on it
    wire_values  values as libpq takes them
    wired        the wire of a connection, and its errors

Looks and turns:
    look         how a look begins and ends
    writer       transactions, without waiting for what need not be waited for
    collisions   whoever collided with another writer takes turns
    presumed     that what nearly always goes well has, while the answer is on its way
    foreseen     answers that are asked for ahead of their time
    counters     as a writer knows them: believed, and asked along the way
"""
