"""A simulator of jobs and of the history that a service without names would list for them, with the truth."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from uuid import UUID

from vanceweb.usage.match_chances import Charge
from vanceweb.usage.matching import Decision, Download, match_charges

# Features as a team uses them: slug, credits and weight.
FEATURES = (("enlarge3", 1, 40), ("denoise", 1, 25), ("matting", 1, 20), ("sharpen3", 2, 10), ("img2anime", 1, 5))
BEGINNING = 1_760_000_000.0
DAY = 86400.0


@dataclass(frozen=True)
class Scenario:
    """What happens on a connection, and how its service's history differs from it."""

    days: float = 20.0
    """Days of use."""
    jobs_per_day: float = 40.0
    """Jobs of this site per day on average, bursts included; by day, from 7 to 19 o'clock."""
    burst_share: float = 0.5
    """The part of jobs that are submitted together: one feature, one price, one person."""
    burst_jobs: tuple[int, int] = (2, 15)
    """The smallest and the largest number of jobs of a burst."""
    burst_gap: tuple[float, float] = (0.8, 9.0)
    """Seconds between two downloads of a burst, uniform: the service works on several jobs at once."""
    workflow_share: float = 0.1
    """The part of jobs of two steps; the history lists them under the first one's feature."""
    foreign_share: float = 0.1
    """The part of the history's rows that somebody else caused, with the same features."""
    foreign_burst: int = 4
    """The largest number of foreign rows some seconds apart."""
    missing_share: float = 0.01
    """The part of downloads that the history never lists."""
    shift: float = 0.0
    """Seconds that the service's clock is ahead of the site's, and its zone of the one that the connection names."""
    drift: float = 0.0
    """Seconds that the service's clock gains per day."""
    jump: float = 0.0
    """Seconds by which the shift changes in the middle: a zone puts its clocks forward or back."""
    latency: float = 0.3
    """The median of the seconds from the site's note of a download to the charge."""
    jitter: float = 0.5
    """The spread of the latency's logarithm: 0.5 makes it one half to two times the median, mostly."""
    late_share: float = 0.005
    """The part of downloads that are charged only at a later attempt, 20 to 400 seconds later."""
    other_price_share: float = 0.0
    """The part of jobs that the service charges another price for."""
    echo_share: float = 0.0
    """The part of rows that name the job."""
    step_charges: bool = False
    """Whether the account is an older one, with 0.2 credits for each step at the end of a job besides the download."""


@dataclass(frozen=True)
class Simulation:
    """What a service lists and the site knows, and the job of each row by its key; None for foreign rows."""

    charges: list[Charge]
    downloads: list[Download]
    truth: dict[int, UUID | None]


@dataclass
class Measured:
    """Counts of rows over simulations."""

    rows: int = 0
    matched: int = 0
    matched_right: int = 0
    foreign: int = 0
    foreign_right: int = 0
    doubtful: int = 0

    @property
    def right_share(self) -> float:
        """The part of the undoubtful matches whose job is the right one."""
        return self.matched_right / max(self.matched, 1)

    @property
    def decided_right_share(self) -> float:
        """The part of all undoubtful decisions, matched or foreign, that are right."""
        return (self.matched_right + self.foreign_right) / max(self.matched + self.foreign, 1)

    @property
    def doubtful_share(self) -> float:
        return self.doubtful / max(self.rows, 1)

    def add(self, simulation: Simulation, decisions: dict[int, Decision]) -> None:
        for key, job in simulation.truth.items():
            decision = decisions[key]
            self.rows += 1
            if decision.is_doubtful:
                self.doubtful += 1
            elif decision.job is None:
                self.foreign += 1
                self.foreign_right += job is None
            else:
                self.matched += 1
                self.matched_right += decision.job == job


SCENARIOS = {
    "usual": Scenario(),
    "another zone": Scenario(shift=8 * 3600 + 2.4),
    "a clock that drifts": Scenario(shift=-37, drift=3.0),
    "clocks put forward": Scenario(shift=-8 * 3600, jump=3600),
    "half from elsewhere": Scenario(foreign_share=0.5, shift=5),
    "a twentieth missing": Scenario(missing_share=0.05),
    "600 jobs a day": Scenario(days=4, jobs_per_day=600),
    "two jobs a day": Scenario(days=30, jobs_per_day=2, shift=-5 * 3600 + 1),
    "jobs close to each other": Scenario(burst_gap=(0.25, 6)),
    "a slow service": Scenario(latency=1.0),
    "late downloads": Scenario(late_share=0.03),
    "other prices": Scenario(other_price_share=0.1),
    "half of the names": Scenario(echo_share=0.5),
    "an older account": Scenario(step_charges=True, shift=3600),
}
# The limits of the method: downloads at the same time, and charges that overtake each other within bursts.
BEYOND = {
    "jobs at the same time": Scenario(burst_gap=(0.1, 4)),
    "an erratic service": Scenario(latency=1.5, jitter=0.6),
}


def simulate(scenario: Scenario, seed: int) -> Simulation:
    """Return the simulation of this seed."""
    random = Random(seed)
    downloads = sorted(_make_downloads(scenario, random), key=lambda download: download.moment)
    rows: list[tuple[float, Charge, UUID | None]] = []
    for download in downloads:
        if scenario.step_charges:
            for step in range(download.steps):
                moment = download.moment - random.uniform(0.5, 2.5) + 0.01 * step
                rows.append((moment, Charge(0, 0, _list_first(download), Decimal("0.2"), is_step=True), download.job))
        if random.random() >= scenario.missing_share:
            charge = _build_charge(scenario, random, download)
            rows.append((_draw_charge_time(scenario, random, download), charge, download.job))
    foreign = round(len(rows) * scenario.foreign_share / (1 - scenario.foreign_share))
    rows += [(moment, charge, None) for moment, charge in _make_foreign(scenario, random, foreign)]
    rows.sort(key=lambda row: row[0])
    charges, truth = [], {}
    for key, (moment, charge, job) in enumerate(rows):
        charges.append(
            Charge(key, _show_time(scenario, moment), charge.labels, charge.price, charge.named, charge.is_step)
        )
        truth[key] = job
    return Simulation(charges, downloads, truth)


def _draw_moment(scenario: Scenario, random: Random) -> float:
    return BEGINNING + DAY * random.randrange(max(1, round(scenario.days))) + 3600 * random.uniform(7, 19)


def _draw_feature(random: Random) -> tuple[str, int]:
    slug, price, _ = random.choices(FEATURES, [weight for _, _, weight in FEATURES])[0]
    return slug, price


def _make_downloads(scenario: Scenario, random: Random) -> Iterator[Download]:
    left = round(scenario.days * scenario.jobs_per_day)
    mean_burst = sum(scenario.burst_jobs) / 2
    burst_chance = scenario.burst_share / mean_burst / (scenario.burst_share / mean_burst + 1 - scenario.burst_share)
    while left > 0:
        count = min(left, random.randint(*scenario.burst_jobs)) if random.random() < burst_chance else 1
        left -= count
        slug, price = _draw_feature(random)
        labels, steps = frozenset({slug}), 1
        if random.random() < scenario.workflow_share:
            second, more = _draw_feature(random)
            labels, price, steps = frozenset({slug, second, "workflow"}), price + more, 2
        moment = _draw_moment(scenario, random)
        for _ in range(count):
            yield Download(UUID(int=random.getrandbits(128)), moment, labels, Decimal(price), steps)
            moment += random.uniform(*scenario.burst_gap)


def _list_first(download: Download) -> frozenset[str]:
    return frozenset({sorted(download.labels - {"workflow"})[0]})


def _draw_charge_time(scenario: Scenario, random: Random, download: Download) -> float:
    late = random.uniform(20, 400) if random.random() < scenario.late_share else 0.0
    return download.moment + late + scenario.latency * math.exp(random.gauss(0, scenario.jitter))


def _build_charge(scenario: Scenario, random: Random, download: Download) -> Charge:
    price = download.price + 1 if random.random() < scenario.other_price_share else download.price
    named = download.job if random.random() < scenario.echo_share else None
    return Charge(0, 0, _list_first(download), price, named)


def _make_foreign(scenario: Scenario, random: Random, count: int) -> Iterator[tuple[float, Charge]]:
    while count > 0:
        slug, price = _draw_feature(random)
        moment = _draw_moment(scenario, random)
        for _ in range(min(count, random.randint(1, scenario.foreign_burst))):
            yield moment, Charge(0, 0, frozenset({slug}), Decimal(price))
            moment += random.uniform(2, 20)
            count -= 1


def _show_time(scenario: Scenario, moment: float) -> float:
    days = (moment - BEGINNING) / DAY
    jump = scenario.jump if days > scenario.days / 2 else 0.0
    return float(math.floor(moment + scenario.shift + scenario.drift * days + jump))


def measure(scenario: Scenario, seeds: range) -> Measured:
    """Match the simulations of these seeds and count."""
    measured = Measured()
    for seed in seeds:
        simulation = simulate(scenario, seed)
        measured.add(simulation, match_charges(simulation.charges, simulation.downloads))
    return measured
