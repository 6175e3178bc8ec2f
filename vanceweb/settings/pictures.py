"""Pictures that people and programs send, and their decoder."""

from vanceweb.settings.base import DATA_DIR
from vanceweb.settings.environment import env

# Uploads (site and engine)

# The contract's limits: 10 MB and 34 megapixels, JPG and PNG.
UPLOAD_MAX_BYTES = 10 * 1024 * 1024
UPLOAD_MAX_PIXELS = 34_000_000
UPLOAD_FORMATS = ("JPEG", "PNG")
# The largest file in another format that is converted, bytes: an uncompressed TIFF or BMP of 32 megapixels, and a
# little less than WEB_MAX_BODY_BYTES, so that a larger one is still refused by a sentence.
CONVERT_MAX_BYTES = 96 * 1024 * 1024

# The decoder (lib/decoding.py): pictures of others are decoded in processes with limits, never in a web process.

# Private to the site: a folder of its own in the data folder.
DECODER_SOCKET = DATA_DIR / "decoder" / "socket"
# Pictures decoded at a time.
DECODER_PROCESSES = env.int("DECODER_PROCESSES", 2)
# The wait of a picture for its turn: the sender of an upload waits for the answer, and proxies give up after 30 s.
DECODER_QUEUE_SECONDS = 20.0
# Processor time for a picture of an upload's size; larger results get more. 34 megapixels take one to two seconds.
DECODER_SECONDS = env.int("DECODER_SECONDS", 15)
# On a busy machine, a picture may take this many times its processor time; then it is tried again later.
DECODER_WALL_FACTOR = 3
# The most memory for any picture. Results of 200 megapixels take up to 2 GB; uploads get 0.8 GB at most.
DECODER_MEMORY_MB = env.int("DECODER_MEMORY_MB", 2560)
