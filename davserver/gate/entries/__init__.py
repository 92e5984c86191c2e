"""What a front may show of a place, and of what is in it. Read `entries`, then `below`.

`acting` answers with these, so that nothing here opens a transaction.

In reading order:
    entries              what a front may show of a place
    below                a folder's children, as a front is given them
    inside               thousands of them, a column at a time
    members              what is in a folder, judged by kinds
    received             what others share with somebody, as the top of their drive
    deposits             what a grant to deposit shows
    lock_views           locks as one person may see them
"""
