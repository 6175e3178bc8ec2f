"""The bounds of what a service may answer: whatever passes them fits the columns and pages that it is for.

A service is another party. Its texts are shortened to these lengths; a number beyond them makes the answer invalid.
"""

from __future__ import annotations

from decimal import Decimal

# Characters. The hosted service's longest are a history's file names, of some 60.
LONGEST_TEXT = 300
LONGEST_NAME = 200
# The networks that made a result: a workflow has ten steps, and a step up to four of them.
LONGEST_BACKENDS = 2000
LONGEST_URL = 2000
# A sentence for people; anything longer is a dump.
LONGEST_MESSAGE = 500
# A column for a code has 32 bits.
LARGEST_WHOLE = 2**31 - 1
# Ten times the longest side that a JPEG can have, in px.
LARGEST_SIDE = 655_350
# 1 PB: a JSON number up to here is exact everywhere.
LARGEST_FILE = 2**50
# Credits, with three decimals as in the API. A column for them has more digits.
LARGEST_AMOUNT = Decimal("99999999999.999")
AMOUNT_STEP = Decimal("0.001")
# Thirty years: a job's own times are added to and subtracted from dates.
LONGEST_RUN_SECONDS = 10**9
# Charges from before any such service, or far ahead, are mistakes; and dates near the ends of time can't be shifted.
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
# The site asks for a hundred rows of history a page.
MOST_ROWS = 1000
