"""What goes in and out of `/api/v1/cases`. Unknown fields are refused; no shape has an id of our tables.

Departments are named by their names, cases by their numbers, staff by their usernames.
"""

from datetime import date, datetime
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from eservice.complaints.models import CommentKind, PhotoKind, Source
from eservice.complaints.states import Actor, ComplaintState, Standing, WaitingReason
from knowledge.classify import Urgency

Version: TypeAlias = Annotated[
    int | None,
    Field(strict=True, ge=1, description="of the case as it was read; or the header If-Match"),
]


class Asked(BaseModel):
    """A body: only what is written here may stand in it."""

    model_config = ConfigDict(extra="forbid")


class NewCase(Asked):
    """A complaint, a suggestion or a word of praise. Who calls decides its source, the office all the rest."""

    text: str = Field(
        description="what is wrong and where, in the resident's own words; up to 4,000 characters"
    )
    category: str | None = Field(
        None, description="one of /categories; left out, it is proposed from the text"
    )
    latitude: Annotated[float, Field(strict=True, ge=-90, le=90)] | None = Field(
        None, description="degrees, WGS 84; with longitude or not at all"
    )
    longitude: Annotated[float, Field(strict=True, ge=-180, le=180)] | None = None
    address: str = Field("", description="in words, or a landmark; up to 300 characters")
    village: str = Field("", description="up to 300 characters")
    reporter_name: str = Field("", description="if the resident gives it; up to 300 characters")


class EmergencyNumber(BaseModel):
    """Whom to call first."""

    number: str
    name: str
    name_en: str


class FiledCase(BaseModel):
    """A case that is filed. `emergency`: whom to call now, when the text speaks of danger."""

    number: str
    key: str | None = Field(description="opens the whole case; shown the first time only, and never again")
    state: ComplaintState
    category: str
    filed_at: datetime
    due_at: datetime | None = Field(description="by when it should be done, in working time")
    answer_due_at: datetime | None = Field(description="by when the office owes an answer")
    emergency: list[EmergencyNumber]


class CaseStatus(BaseModel):
    """What anybody may know who has the number."""

    number: str
    state: ComplaintState
    standing: Standing = Field(description="`said_done` by the office alone, `fixed` by the resident's word")
    waiting_reason: WaitingReason | None
    department: str = Field(description="in charge; empty while nobody is")
    filed_at: datetime
    changed_at: datetime
    due_at: datetime | None
    answer_due_at: datetime | None
    continues_as: str | None = Field(description="the number of the case in which a duplicate goes on")


class TimelineEntry(BaseModel):
    """Something that happened, or was said (`kind`)."""

    at: datetime
    kind: CommentKind | None = Field(description="who said it; null for a change of state or department")
    text: str
    before: ComplaintState | None = None
    after: ComplaintState | None = None
    by: Actor | None = None
    department: str = ""
    waiting_reason: WaitingReason | None = None
    note: str = ""
    reason: str = ""


class Attachment(BaseModel):
    """A photo; its picture is below `attachments` or, for partners, `record/attachments` of the case."""

    reference: str
    kind: PhotoKind
    at: datetime
    is_public: bool = Field(description="whether the resident sees it")
    is_near_another: bool = Field(
        description="an after photo that nearly repeats one that was there; the second officer is warned"
    )


class CaseTimeline(CaseStatus):
    """The whole of a case for whoever holds its key, oldest first."""

    category: str
    text: str
    timeline: list[TimelineEntry]
    attachments: list[Attachment]


class CategoryShape(BaseModel):
    """A category that residents may choose."""

    name: str
    department: str = Field(description="which looks after it; empty while nobody does")
    working_days: int
    needs_photo: bool


class CategoryList(BaseModel):
    """The categories, in the office's order."""

    items: list[CategoryShape]


class NewComment(Asked):
    """Something to say. `kind` is for partners: a reply to the resident or a note among staff."""

    text: str
    kind: CommentKind | None = Field(None, description="`reply` or `note`, from partners only")


class SaidComment(BaseModel):
    """A comment as it is kept."""

    at: datetime
    kind: CommentKind
    text: str


class ReopenWish(Asked):
    """What is still wrong."""

    reason: str


class NewRating(Asked):
    """How content the resident is."""

    stars: int = Field(strict=True, ge=1, le=5)
    words: str = ""


class RatedCase(BaseModel):
    """The mark as it is kept; a second one for the same work replaces the first."""

    number: str
    stars: int


class CaseNow(BaseModel):
    """A case after a change, as the partner must have seen it before the next."""

    number: str
    state: ComplaintState
    version: int
    category: str
    urgency: Urgency
    department: str
    assignee: str | None = Field(description="a username")
    changed_at: datetime
    due_at: datetime | None
    answer_due_at: datetime | None
    continues_as: str | None


class CaseRow(CaseNow):
    """A case in a list."""

    source: Source
    village: str
    filed_at: datetime
    answered_at: datetime | None


class CaseList(BaseModel):
    """A page of cases, the newest first."""

    items: list[CaseRow]
    cursor: str | None = Field(description="for the next page; null on the last one")


class RecordEvent(BaseModel):
    """One row of the history. `who` is a member of staff."""

    at: datetime
    before: ComplaintState | None
    after: ComplaintState
    by: Actor
    who: str | None
    department: str
    waiting_reason: WaitingReason | None
    note: str
    reason: str
    is_public: bool = Field(description="whether the resident reads note and reason")


class RecordComment(BaseModel):
    """Something that was said. `who` is a member of staff, null for the resident."""

    at: datetime
    kind: CommentKind
    who: str | None
    text: str


class Proposal(BaseModel):
    """The word of the officer in charge that it is done, until a second one agrees."""

    who: str | None
    note: str


class CaseRecord(CaseRow):
    """All that the office knows of a case, within the partner's reach."""

    text: str
    reporter_name: str | None
    latitude: float | None
    longitude: float | None
    address: str
    needs_photo: bool
    waiting_reason: WaitingReason | None
    proposed: Proposal | None
    history: list[RecordEvent]
    comments: list[RecordComment]
    attachments: list[Attachment]


class HandOn(Asked):
    """Which department takes over, and who there."""

    department: str
    assignee: str | None = Field(None, description="a username")
    reason: str = Field("", description="needed from one department to another")
    version: Version = None


class NewState(Asked):
    """Where the case goes next, as the table of moves allows."""

    state: ComplaintState
    note: str = Field("", description="for the resident")
    reason: str = ""
    waiting_reason: WaitingReason | None = None
    is_public: bool = Field(True, description="whether the resident reads it where they need not")
    version: Version = None


class ProposeDone(Asked):
    """What was done, as the resident will read it."""

    note: str
    photo_ids: list[str] = Field(
        [], max_length=50, description="references of the after photos that show it; see `needs_photo`"
    )
    version: Version = None


class Seen(Asked):
    """Nothing but the version that was read."""

    version: Version = None


class Merge(Asked):
    """The case in which this one goes on."""

    into: str = Field(max_length=40, description="its number")
    version: Version = None


class Split(Asked):
    """Why it goes on by itself again."""

    reason: str
    version: Version = None


class Recategorise(Asked):
    """What the case is really about."""

    category: str
    urgency: Urgency | None = Field(None, description="left out, it stays")
    version: Version = None


class Extend(Asked):
    """More time for the answer, and why; the resident reads it."""

    until: date
    reason: str
    version: Version = None
