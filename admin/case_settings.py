"""What the office sets for complaints: the categories with their targets, the windows, the canned replies."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from admin.access import guarded
from admin.pages import page, redirect, refilling
from eservice.complaints import canned, categories, rules
from eservice.complaints.categories import Category
from eservice.complaints.rules import Rules
from eservice.kit.errors import invalid
from eservice.kit.http import Reader, Uow
from eservice.kit.thai_calendar import arabic_digits
from eservice.kit.unit_of_work import ReadOnly
from eservice.staff.permissions import Permission, Principal
from eservice.staff.queries import department_names

router = APIRouter(prefix="/cases")

Manager = Annotated[Principal, guarded(Permission.OFFICE_MANAGE)]
Worker = Annotated[Principal, guarded(Permission.CASE_WORK)]
CATEGORIES, REPLIES = "/admin/cases/categories", "/admin/cases/replies"


@router.get("/categories")
def show_categories(request: Request, staff: Manager, reader: Reader) -> Response:
    """Every category with what the office has set for it."""
    return page(
        request,
        "cases/categories.html",
        form={"refused_in": None},
        rules=_rules(reader),
        **_categories(reader),
    )


@router.post("/categories")
def save_category(
    request: Request,
    uow: Uow,
    staff: Manager,
    name: Annotated[str, Form(max_length=200)] = "",
    is_new: Annotated[str, Form(max_length=3)] = "",
    department: Annotated[str, Form(pattern=r"^[0-9]{0,9}$")] = "",
    working_days: Annotated[str, Form(max_length=10)] = "",
    needs_photo: Annotated[str, Form(max_length=3)] = "",
    is_sensitive: Annotated[str, Form(max_length=3)] = "",
    is_offered: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Sets a category, or adds one of the office's own."""
    days = arabic_digits(working_days.strip())
    typed = {
        "refused_in": "" if is_new else name, "name": name, "department": department, "working_days": working_days,
        "needs_photo": needs_photo == "yes", "is_sensitive": is_sensitive == "yes", "is_offered": is_offered == "yes",
    }  # fmt: skip
    with refilling(request, "cases/categories.html", form=typed, rules=_rules(uow), **_categories(uow)):
        if not (days.isascii() and days.isdigit() and len(days) < 5):
            raise invalid("complaints.bad_target", working_days="invalid")
        category = Category(
            name=name,
            department_id=int(department) if department else None,
            working_days=int(days),
            needs_photo=needs_photo == "yes",
            is_sensitive=is_sensitive == "yes",
            is_offered=is_offered == "yes",
        )
        categories.save_category(uow, category, by=staff)
    return redirect(request, CATEGORIES, flash="cases.category_saved", name=name)


@router.post("/rules")
def save_rules(
    request: Request,
    uow: Uow,
    staff: Manager,
    radius_m: Annotated[str, Form(max_length=10)] = "",
    reopen_days: Annotated[str, Form(max_length=10)] = "",
    silence_days: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Sets what holds for all complaints: how near others are offered, how long things wait."""
    typed = {"radius_m": radius_m, "reopen_days": reopen_days, "silence_days": silence_days}
    shown = {**typed, "refused": True}
    with refilling(
        request, "cases/categories.html", form={"refused_in": None}, rules=shown, **_categories(uow)
    ):
        numbers = {name: arabic_digits(text.strip()) for name, text in typed.items()}
        for name, digits in numbers.items():
            if not (digits.isascii() and digits.isdigit() and len(digits) < 6):
                raise invalid("complaints.bad_rule", **{name: "invalid"})
        rules.save_rules(uow, Rules(**{name: int(digits) for name, digits in numbers.items()}), by=staff)
    return redirect(request, CATEGORIES, flash="cases.rules_saved")


@router.get("/replies")
def show_replies(request: Request, staff: Worker, reader: Reader) -> Response:
    """Every canned reply."""
    return page(request, "cases/replies.html", replies=canned.replies(reader), form={"refused_in": None})


@router.post("/replies")
def save_reply(
    request: Request,
    uow: Uow,
    staff: Worker,
    reply: Annotated[str, Form(pattern=r"^[0-9]{0,9}$")] = "",
    title: Annotated[str, Form(max_length=1000)] = "",
    text: Annotated[str, Form()] = "",
) -> Response:
    """Changes a canned reply, or adds one."""
    typed = {"refused_in": reply, "title": title, "text": text}
    with refilling(request, "cases/replies.html", replies=canned.replies(uow), form=typed):
        canned.save_reply(uow, title, text, by=staff, reply_id=int(reply) if reply else None)
    return redirect(request, REPLIES, flash="cases.reply_saved")


@router.post("/replies/{reply_id:int}/remove")
def remove_reply(request: Request, uow: Uow, staff: Worker, reply_id: int) -> Response:
    """Takes a canned reply away."""
    canned.remove_reply(uow, reply_id, by=staff)
    return redirect(request, REPLIES, flash="cases.reply_removed")


def _categories(reader: ReadOnly) -> dict[str, Any]:
    departments = [(str(number), name) for number, name in department_names(reader).items()]
    return {"categories": list(categories.read_categories(reader).values()), "departments": departments}


def _rules(reader: ReadOnly) -> dict[str, Any]:
    return {**asdict(rules.read_rules(reader)), "refused": False}
