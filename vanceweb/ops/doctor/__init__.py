"""`manage.py doctor`: what is wrong with an installation's files, rows and machine, and what can be put right.

- `checks`: all of them, in the order of the report;
- `files`: files without a row, rows without a file, temporary files, rights;
- `machine`: weights, tokens, space on the disks.
"""
