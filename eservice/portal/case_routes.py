"""All public pages about complaints: reporting, tracking, open figures."""

from collections.abc import Callable

from fastapi import APIRouter

from eservice.kit.signals import Signals
from eservice.portal.enclosed import EnclosedPhotos
from eservice.portal.my_data import COOKIE, create_my_data
from eservice.portal.open_figures import create_open_figures
from eservice.portal.opened import OpenedComplaint
from eservice.portal.pages import PortalPages
from eservice.portal.reporting import create_reporting
from eservice.portal.track_photos import create_track_photos
from eservice.portal.tracking import create_tracking
from eservice.privacy.copies import PAGE
from knowledge.classify import ComplaintClassifier


def create_case_pages(
    pages: PortalPages,
    classifier: ComplaintClassifier,
    signals: Signals,
    signing_key: Callable[[], str],
) -> APIRouter:
    """Their routes. `signing_key` is asked for when a page first needs it."""
    opened = OpenedComplaint(signing_key, is_https=pages.is_https)
    opened_copy = OpenedComplaint(signing_key, is_https=pages.is_https, cookie=COOKIE, path=PAGE)
    enclosed = EnclosedPhotos(signing_key)
    router = APIRouter(include_in_schema=False)
    router.include_router(create_reporting(pages, classifier, signals, opened, enclosed))
    router.include_router(create_tracking(pages, signals, opened))
    router.include_router(create_track_photos(pages, opened))
    router.include_router(create_my_data(pages, opened, opened_copy))
    router.include_router(create_open_figures(pages))
    return router
