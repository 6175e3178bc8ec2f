"""The deadlines, sizes and numbers that the web server allows a client."""

# From the first byte of a request, or from the opening of the connection, to the end of the headers. Browsers send
# them in one packet; ten seconds include a few lost packets.
HEADER_SECONDS = 10.0
# A body may take this long plus the time it needs at the lowest rate: 10 MB at 100 kB/s take 100 s, and even at
# 5 kB/s they get through. A phone at the edge of its network sends faster than 4 KB/s, a byte now and then doesn't.
BODY_GRACE_SECONDS = 20.0
BODY_MIN_BYTES_PER_SECOND = 4 * 1024
# The longest pause within a body, for a phone that changes networks: the allowance that a fast start has earned
# can't be spent on silence.
BODY_PAUSE_SECONDS = 30.0
# The longest time in which a client takes nothing of its answer, for a laptop that loses its network for a moment.
SEND_PAUSE_SECONDS = 60.0
# An idle connection costs a file descriptor only. Longer than the 60 s for which nginx keeps its own: a proxy must be
# the one to close, or else it sends a request into a closed connection.
KEEP_ALIVE_SECONDS = 65.0
# A refused sender may go on for this long, and what it sends is thrown away: a connection that is closed while bytes
# arrive is reset, and then the sender can't read the refusal.
LINGER_SECONDS = 3.0

# The request line and all headers. Browsers' cookies and addresses stay below 8 KB, and the site's own below 2 KB.
HEADER_MAX_BYTES = 32 * 1024
# A chunk's size and its extensions, and the headers after the last chunk, which nobody uses.
CHUNK_LINE_MAX_BYTES = 1024
TRAILER_MAX_BYTES = 8 * 1024
# Up to this size a body waits in memory, a larger one in a temporary file: with a thousand senders, 64 MB.
BODY_MEMORY_BYTES = 64 * 1024
# The bodies of all connections of one process while they arrive or wait: a hundred of the largest permitted pictures.
# Beyond it, the largest that are still arriving are given up, so that senders can't fill the disk.
ALL_BODIES_MAX_BYTES = 1024 * 1024 * 1024

# The connections of one process. One more takes the place of the one that has waited longest without being answered.
MAX_CONNECTIONS = 1000
# Beyond it, while all of them are being answered; then new ones wait in the kernel's queue.
SPARE_CONNECTIONS = 24
# File descriptors of a connection: its socket, its body's temporary file, the file it is answered with, and room for
# those that Django and the database open.
FILES_PER_CONNECTION = 4

# How often deadlines are checked.
CHECK_SECONDS = 1.0
# Running requests get this long when the site stops; less than UP_STOP_SECONDS.
STOP_SECONDS = 5.0
