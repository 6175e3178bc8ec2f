"""Which entry of one list belongs to which of another: the probabilities, if the order of both lists is the same.

Rows and events are in order of time. Each row belongs to one event at most and each event to one row at most, two
neighbours may have changed places, and the rest keep their order. The sum over all such assignments (forwards and
backwards, as for a hidden Markov model) gives the probability of each pair. Only events in a row's band are its
candidates, so memory and time are those of rows times the width of a band.
"""

import math
from collections.abc import Callable, Sequence

# The indices of a row's candidates: the first, and the one after the last. Neither falls from row to row.
Band = tuple[int, int]
# The weight of a row and an event as a pair, relative to both being alone.
PairWeight = Callable[[int, int], float]
# The weight of an event and the next one being charged in the other order, relative to the order of the events.
SwapWeight = Callable[[int], float]


def align(bands: Sequence[Band], weigh_pair: PairWeight, weigh_swap: SwapWeight) -> list[dict[int, float]]:
    """Return for each row the probabilities of its candidates, by index; what is missing to 1 is that of none."""
    found: list[dict[int, float]] = []
    start = 0
    for row in range(1, len(bands) + 1):
        # A row without candidates in common with the rows before it doesn't depend on them.
        if row == len(bands) or bands[row][0] >= bands[row - 1][1]:
            found += _Alignment(bands[start:row], start, weigh_pair, weigh_swap).compute()
            start = row
    return found


class _Alignment:
    """One run of rows whose bands touch each other.

    `forward[i][j]` is the sum of the weights of all assignments of the first i rows to events below the jth of the
    band, `backward[i][j]` that of the rows from the ith on to later events. Both are scaled, and `log_scales` says
    how much.
    """

    def __init__(self, bands: Sequence[Band], first_row: int, weigh_pair: PairWeight, weigh_swap: SwapWeight) -> None:
        self.bands = bands
        self.weigh_swap = weigh_swap
        self.weights = [
            [weigh_pair(first_row + row, event) for event in range(low, high)] for row, (low, high) in enumerate(bands)
        ]
        self.forward, self.forward_scales = self._sum_forwards()
        self.backward, self.backward_scales = self._sum_backwards()

    def compute(self) -> list[dict[int, float]]:
        return [self._compute_row(row) for row in range(len(self.bands))]

    def _get_weight(self, row: int, event: int) -> float:
        low, high = self.bands[row]
        return self.weights[row][event - low] if low <= event < high else 0.0

    def _get_before(self, rows: int, event: int) -> float:
        """Return the scaled sum for the first `rows` rows on events below `event`."""
        if rows == 0:
            return 1.0
        sums = self.forward[rows - 1]
        return sums[min(max(event - self.bands[rows - 1][0], 0), len(sums) - 1)]

    def _get_after(self, row: int, event: int) -> float:
        """Return the scaled sum for the rows from `row` on, on events from `event` on."""
        if row == len(self.bands):
            return 1.0
        sums = self.backward[row]
        return sums[min(max(event - self.bands[row][0], 0), len(sums) - 1)]

    def _get_forward_scale(self, rows: int) -> float:
        return self.forward_scales[rows - 1] if rows else 0.0

    def _get_backward_scale(self, row: int) -> float:
        return self.backward_scales[row] if row < len(self.bands) else 0.0

    def _weigh_swapped(self, row: int, event: int) -> float:
        """Return the weight of two pairs: `row` with the event after `event`, and the next row with `event`."""
        crossed = self._get_weight(row, event + 1)
        crossed = crossed and crossed * self._get_weight(row + 1, event)
        return crossed and crossed * self.weigh_swap(event)

    def _sum_forwards(self) -> tuple[list[list[float]], list[float]]:
        self.forward, self.forward_scales = [], []
        for row, (low, high) in enumerate(self.bands):
            back = math.exp(self._get_forward_scale(row - 1) - self._get_forward_scale(row)) if row else 0.0
            gained, sums = 0.0, [self._get_before(row, low)]
            for event in range(low, high):
                gained += self._get_before(row, event) * self.weights[row][event - low]
                if row and event > low and (swapped := self._weigh_swapped(row - 1, event - 1)):
                    gained += back * self._get_before(row - 1, event - 1) * swapped
                sums.append(self._get_before(row, event + 1) + gained)
            self._append_scaled(self.forward, self.forward_scales, sums, self._get_forward_scale(row))
        return self.forward, self.forward_scales

    def _sum_backwards(self) -> tuple[list[list[float]], list[float]]:
        count = len(self.bands)
        self.backward, self.backward_scales = [[] for _ in range(count)], [0.0] * count
        for row in reversed(range(count)):
            low, high = self.bands[row]
            scale = self._get_backward_scale(row + 1)
            back = math.exp(self._get_backward_scale(row + 2) - scale) if row + 1 < count else 0.0
            gained, sums = 0.0, [self._get_after(row + 1, high)]
            for event in reversed(range(low, high)):
                gained += self.weights[row][event - low] * self._get_after(row + 1, event + 1)
                if row + 1 < count and (swapped := self._weigh_swapped(row, event)):
                    gained += back * swapped * self._get_after(row + 2, event + 2)
                sums.append(self._get_after(row + 1, event) + gained)
            scaled: list[list[float]] = []
            scales: list[float] = []
            self._append_scaled(scaled, scales, sums[::-1], scale)
            self.backward[row], self.backward_scales[row] = scaled[0], scales[0]
        return self.backward, self.backward_scales

    @staticmethod
    def _append_scaled(rows: list[list[float]], scales: list[float], sums: list[float], scale: float) -> None:
        # Without scaling, the sums of some sixty rows leave the range of a float.
        largest = max(sums)
        rows.append([value / largest for value in sums])
        scales.append(scale + math.log(largest))

    def _compute_row(self, row: int) -> dict[int, float]:
        low, high = self.bands[row]
        before = math.exp(self._get_forward_scale(row - 1) - self._get_forward_scale(row)) if row else 0.0
        last = row + 1 == len(self.bands)
        after = 0.0 if last else math.exp(self._get_backward_scale(row + 2) - self._get_backward_scale(row + 1))
        parts: dict[int, float] = {}
        for event in range(low, high):
            part = self._get_before(row, event) * self.weights[row][event - low] * self._get_after(row + 1, event + 1)
            if row and (swapped := self._weigh_swapped(row - 1, event)):
                part += before * self._get_before(row - 1, event) * swapped * self._get_after(row + 1, event + 2)
            if not last and (swapped := self._weigh_swapped(row, event - 1)):
                part += after * self._get_before(row, event - 1) * swapped * self._get_after(row + 2, event + 1)
            if part:
                parts[event] = part
        total = sum(parts.values()) + self._sum_alone(row)
        return {event: part / total for event, part in parts.items()}

    def _sum_alone(self, row: int) -> float:
        """Return the sum of the assignments in which the row belongs to no event."""
        if row == 0:
            return self._get_after(1, self.bands[0][0])
        low, high = self.bands[row - 1]
        total = self._get_before(row, low) * self._get_after(row + 1, low)
        for event in range(low, high):
            # The assignments in which `event` is the last one that the rows before belong to.
            ending = self._get_before(row, event + 1) - self._get_before(row, event)
            total += ending * self._get_after(row + 1, event + 1)
        return total
