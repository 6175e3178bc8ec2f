"""The web server: waitress, with the deadlines and limits of a server that no proxy protects.

waitress receives each request completely, headers and body, in one thread that waits for all connections at once, and
only then gives it to one of the threads that run Django. Slow clients therefore cost a connection and no thread,
chunked bodies reach Django with their length, and nothing of an unread body is left on the connection.
What is added here:

- `limits`: the deadlines of headers, bodies, pauses and idle connections, and the limits of sizes and numbers;
- `request_reader`: refuses requests whose end two programs could see at different places;
- `connection`: decides when a connection has taken too long, and lets a refused sender read the answer;
- `server`: enforces the limits, makes room when all connections are taken, stops gracefully.
"""
