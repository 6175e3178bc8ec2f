"""The shapes of requests and answers. They are promised to programs: keys may be added, none renamed or removed."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from vanceweb.api.models import PictureFetch
from vanceweb.catalogue.rules import MAX_CONTROL_IMAGES, MAX_STEPS
from vanceweb.gallery.models import Asset, Blob
from vanceweb.jobs.models import Job
from vanceweb.teams.models import Role, Scope
from vanceweb.usage.models import Match

# A text to search or to filter by. No database can look for NUL.
SearchText = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
ShortText = Annotated[str, StringConstraints(max_length=60)]
# Credits as a decimal, which no program has to round.
Credits = Annotated[str, Field(pattern=r"^\d+(\.\d+)?$", examples=["1"])]
UrlText = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x20\x7f]+$")]
Channel = Annotated[int, Field(ge=0, le=255)]
# The values of these are promised, too.
RoleText = Annotated[str, Field(json_schema_extra={"enum": list(Role.values)})]
ScopeText = Annotated[str, Field(json_schema_extra={"enum": list(Scope.values)})]
FormatText = Annotated[str, Field(json_schema_extra={"enum": list(Blob.Format.values)})]
PictureKind = Annotated[str, Field(json_schema_extra={"enum": list(Asset.Kind.values)})]
FetchState = Annotated[str, Field(json_schema_extra={"enum": list(PictureFetch.State.values)})]
# Sums can be negative where a service has given credits back.
SumOfCredits = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", examples=["12.5"])]
DateText = Annotated[str, Field(max_length=10, pattern=r"^(\d{4}-\d{2}-\d{2})?$", examples=["2026-01-31"])]
BucketText = Literal["", "day", "week", "month"]
DimensionText = Literal["feature", "person", "connection"]
ScopeOfUsage = Annotated[
    Literal["team", "private"], Field(description="The team's connections, or the private ones of the token's person.")
]
MatchText = Annotated[str, Field(json_schema_extra={"enum": list(Match.values)})]
JobState = Annotated[str, Field(json_schema_extra={"enum": list(Job.State.values)})]


class RequestSchema(Schema):
    """A part of a request. An unknown key is an error: it may be a misspelt one."""

    model_config = ConfigDict(extra="forbid")


class TeamOut(Schema):
    """A team, with the person's role in it."""

    slug: str
    name: str
    role: RoleText


class Me(Schema):
    """Whoever the token acts as."""

    user: str = Field(description="The user name of the token's person.")
    team: TeamOut
    scopes: list[ScopeText]


class ChoiceOut(Schema):
    """One of a parameter's values."""

    value: int | str
    title: str


class ParameterOut(Schema):
    """A parameter of a feature, to send in a step's `params`."""

    key: str
    title: str
    kind: Literal["int", "float", "bool", "choice", "text"]
    default: int | float | bool | str
    minimum: int | float | None
    maximum: int | float | None
    step: int | float | None
    unit: str
    choices: list[ChoiceOut]
    max_length: int | None
    help: str
    overridden_by: list[str] = Field(description="Switches: while one of them is on, the parameter has no effect.")


class FeatureOut(Schema):
    """A feature of the catalogue."""

    slug: str
    module: str = Field(description="The name to send in a step's `module`.")
    title: str
    description: str
    group: str
    credits: Credits
    only_last: bool = Field(description="True for a feature that can only be the last step.")
    parameters: list[ParameterOut]


class ErrorOut(Schema):
    """The reason why something failed."""

    code: str
    message: str


class Picture(Schema):
    """A picture of the team."""

    id: UUID
    state: Literal["ready"]
    name: str
    width: int = Field(description="The width as seen, px.")
    height: int = Field(description="The height as seen, px.")
    format: FormatText
    bytes: int
    sha256: str
    kind: PictureKind
    feature: str = Field(description="The slug of the feature that made it; empty for a picture that no job made.")
    person: str | None = Field(description="The user name of whoever it belongs to; null if they are gone.")
    private: bool
    created_at: datetime


class FetchedPicture(Schema):
    """A picture that the site fetches from a URL. Once it has, its id is that of the picture."""

    id: UUID
    state: FetchState
    error: ErrorOut | None


class PicturePage(Schema):
    """A page of pictures, the newest first."""

    items: list[Picture]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


class PictureUrl(RequestSchema):
    """The URL of a picture to fetch."""

    url: UrlText


class GuideIn(RequestSchema):
    """A picture that guides a drawn style: null for the picture itself."""

    picture: UUID | None = None
    kind: ShortText


class StepIn(RequestSchema):
    """A step of a job: a feature's module with its parameters. Those left out have their defaults."""

    module: ShortText
    params: dict[ShortText, bool | int | float | str] = {}
    guides: Annotated[list[GuideIn], Field(max_length=MAX_CONTROL_IMAGES)] = []


class OutputIn(RequestSchema):
    """Settings of the result's file; the service decides about those that are left out."""

    quality: Annotated[int, Field(ge=0, le=100)] | None = None
    dpi: Annotated[int, Field(ge=0, le=2000)] | None = None
    format: Literal["jpg", "png"] | None = None
    # Red, green and blue: the colour that replaces a removed background.
    background: Annotated[list[Channel], Field(min_length=3, max_length=3)] | None = None


class JobIn(RequestSchema):
    """A job to submit."""

    picture: UUID
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=MAX_STEPS)]
    output: OutputIn | None = None
    connection: UUID | None = Field(None, description="The id of a connection; the bundled engine if left out.")
    when_short: Literal["start", "hold", "other_connection", "bundled_engine"] = Field(
        "start",
        description=(
            "What happens if the job costs more than the connection has left: it starts all the same, is held until "
            "credits arrive, or runs on another shared connection or on the bundled engine. Where none of those has "
            "enough, it is held."
        ),
    )


class StepOut(Schema):
    """A step of a job."""

    module: str
    params: dict[str, bool | int | float | str]


class JobOut(Schema):
    """A job."""

    id: UUID
    state: JobState
    percent: float | None = Field(description="The progress of the work; null before it begins.")
    position: int | None = Field(description="The place in the queue, from 1; null for a job that doesn't wait.")
    expected_seconds: float | None = Field(description="Until the end of the work, as far as it is known.")
    error: ErrorOut | None
    result: Picture | None
    credits: Credits
    steps: list[StepOut]
    picture: UUID | None = Field(description="The id of the source; null if it was deleted.")
    person: str | None
    private: bool
    created_at: datetime
    finished_at: datetime | None


class JobPage(Schema):
    """A page of jobs, the newest first."""

    items: list[JobOut]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


class UsageEntryOut(Schema):
    """The part of a bucket that one feature, person or connection has spent."""

    id: str | None = Field(
        description="A feature's slug, a user name or a connection's id; null for what has none: charges from "
        "elsewhere, people whose spending the token may not see, and those who are gone."
    )
    name: str
    credits: SumOfCredits


class UsageBucketOut(Schema):
    """A day, a week, which begins on Monday, or a month."""

    start: date = Field(description="Its first day in the team's zone.")
    credits: SumOfCredits
    jobs: int = Field(description="The jobs that were charged.")
    by: list[UsageEntryOut] = Field(description="The largest of the whole period first, charges from elsewhere last.")


class UsageOut(Schema):
    """The buckets of a period, the oldest first; an empty one has no parts."""

    buckets: list[UsageBucketOut]
    total: SumOfCredits


class UsageRecordOut(Schema):
    """A charge in a service's history."""

    created_at: datetime
    credits: SumOfCredits
    feature: str = Field(description="A slug, `workflow` for several steps, or the service's own name.")
    person: str | None
    connection: UUID | None = Field(description="The connection's id; null if it was removed.")
    connection_name: str
    job: UUID | None = Field(description="The job's id; null without one that the token's person may see.")
    info: str = Field(description="The service's text; empty if it is about a job that is gone or private.")
    balance: SumOfCredits
    match: MatchText = Field(description="Whether a job of this site was charged.")


class UsageRecordPage(Schema):
    """A page of charges, the newest first."""

    items: list[UsageRecordOut]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


class FieldErrorOut(Schema):
    """A field that isn't valid."""

    field: str = Field(examples=["steps.0.params.scale"])
    message: str


class ProblemOut(Schema):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldErrorOut] = []
    request_id: str = Field("", description="To be told to the operator, who finds the request in the log by it.")
