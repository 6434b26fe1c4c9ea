"""What a first start does: an office and an account for a new database, and no demo before real residents."""

from sqlalchemy import select

from eservice.demo import loader
from eservice.kit.audit import SYSTEM
from eservice.kit.database import Database
from eservice.kit.errors import conflict
from eservice.kit.settings import Settings
from eservice.office import service as office
from eservice.office.holidays import shipped_holidays
from eservice.office.models import Office
from eservice.staff import accounts
from eservice.staff.accounts import Profile
from eservice.staff.models import Role, StaffAccount
from eservice.staff.permissions import Grant

FIRST_ACCOUNT = "admin"
UNNAMED = "สำนักงานที่ยังไม่ได้ตั้งชื่อ"


def prepare(database: Database, *, with_demo: bool) -> None:
    """Gives a new database what it lacks: an office (the demo, or one without a name) and a first account."""
    with database.unit_of_work() as uow:
        loads_demo = with_demo and loader.is_empty(uow)
        if loads_demo:
            loader.load_demo(uow)
        elif uow.session.get(Office, office.THE_ONE) is None:
            facts = office.OfficeFacts(name=UNNAMED, address="", holidays=shipped_holidays())
            office.create_office(uow, facts, actor=SYSTEM)
        if uow.session.scalar(select(StaffAccount.id).limit(1)) is None:
            grants = [Grant(role=Role.ADMINISTRATOR), Grant(role=Role.PUBLISHER), Grant(role=Role.RESPONDER)]
            profile = Profile(display_name="ผู้ดูแลระบบ", grants=grants)
            accounts.create_account(uow, FIRST_ACCOUNT, profile, actor=SYSTEM, is_demo=loads_demo)


def first_link(database: Database) -> str | None:
    """A fresh one-time link for the first account, until it has a password of its own."""
    with database.unit_of_work() as uow:
        account = uow.session.scalar(select(StaffAccount).where(StaffAccount.username == FIRST_ACCOUNT))
        if account is None or account.password_hash is not None or account.disabled_at is not None:
            return None
        return accounts.link_path(accounts.issue_link(uow, account.id, actor=SYSTEM))


def refuse_demo_in_production(settings: Settings, database: Database) -> None:
    """Raises ServiceError `operations.demo_in_production` before real residents meet a demo account."""
    if settings.app_env != "production":
        return
    with database.read() as reader:
        if reader.session.scalar(select(StaffAccount.id).where(StaffAccount.is_demo.is_(True)).limit(1)):
            raise conflict("operations.demo_in_production")
