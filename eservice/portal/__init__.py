"""The public pages: home, questions and answers, privacy, the web chat and its widget for other sites."""

from eservice.portal.api_docs import create_api_docs
from eservice.portal.api_document import publish_document
from eservice.portal.case_routes import create_case_pages
from eservice.portal.errors import add_page_errors
from eservice.portal.pages import STATIC_DIRECTORY, ChannelLinks, PortalPages
from eservice.portal.routes import create_portal
from eservice.portal.widget import widget_snippet

__all__ = [
    "STATIC_DIRECTORY",
    "ChannelLinks",
    "PortalPages",
    "add_page_errors",
    "create_api_docs",
    "create_case_pages",
    "create_portal",
    "publish_document",
    "widget_snippet",
]
