"""Leaving the demo on the command line: whole or not at all, and never on top of anything."""

from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import select

from eservice.demo.first_start import prepare
from eservice.demo.loader import OFFICE_NAME
from eservice.kit.database import Database
from eservice.kit.media import MediaStore, open_media
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from eservice.office.models import Office
from eservice.setup.asking import ask_plan
from eservice.setup.plan import faults_in, read_plan
from eservice.staff.models import Department, Role, RoleGrant, StaffAccount
from knowledge.entries.models import Entry
from tests.commands import Run, data_dir, run
from tests.complaints.pictures import photo
from tests.inquiries.desk import meet
from tests.source import ROOT

__all__ = ["data_dir", "run"]

EXAMPLE = ROOT / "docs/office.example.toml"


def stored(data_dir: Path) -> Database:
    return Database(f"sqlite:///{data_dir / 'phueanban.db'}")


@pytest.fixture
def demo(data_dir: Path) -> Database:
    """A database as `serve` leaves it at its first start."""
    data_dir.mkdir()
    database = stored(data_dir)
    migrate(database)
    prepare(database, with_demo=True)
    return database


def office_name(database: Database) -> str:
    with database.read() as reader:
        return reader.session.scalars(select(Office.name)).one()


def test_the_example_file_makes_an_office_once(run: Run, data_dir: Path) -> None:
    made = run("office", "init", str(EXAMPLE))
    assert made.code == 0 and made.out.count("/admin/link/") == 2, made
    database = stored(data_dir)
    with database.read() as reader:
        office = reader.session.scalars(select(Office)).one()
        assert (office.name, office.is_demo) == ("อบต.หนองน้ำใส", False)
        departments = reader.session.scalars(select(Department.name).order_by(Department.position))
        assert list(departments) == ["สำนักปลัด", "กองคลัง", "กองช่าง", "กองการศึกษาฯ"]
        administrators = select(RoleGrant).where(RoleGrant.role == Role.ADMINISTRATOR)
        assert len(reader.session.scalars(administrators).all()) == 2
        assert reader.session.scalars(select(Entry.id)).all() == []
    assert "มีสำนักงานอยู่แล้ว" in run("office", "init", str(EXAMPLE)).complaint
    database.dispose()


def test_a_file_with_faults_names_every_one_and_makes_nothing(
    run: Run, data_dir: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(
        '[office]\nname = 3\n[hours]\nopens = "8"\n[[people]]\nusername = "A"\nboss = true\n', "utf-8"
    )
    complaint = run("office", "init", str(bad)).complaint
    for named in ("office.name", "hours.opens", "people boss", "ผู้ดูแลระบบอย่างน้อยสองคน", "กองหรือฝ่าย"):
        assert named in complaint
    assert not data_dir.exists()


def test_colours_that_cannot_be_read_are_refused(run: Run, tmp_path: Path) -> None:
    text = EXAMPLE.read_text("utf-8").replace("# header_colour", "header_colour")
    pale = tmp_path / "pale.toml"
    pale.write_text(text.replace("# action_colour", "action_colour").replace("#0b5d4e", "#f4b63f"), "utf-8")
    assert "action_colour" in run("office", "init", str(pale)).complaint


def test_demo_data_stays_apart(run: Run, data_dir: Path, demo: Database, tmp_path: Path) -> None:
    assert "--replace-demo" in run("office", "init", str(EXAMPLE)).complaint
    bad = tmp_path / "bad.toml"
    bad.write_text("[office]\n", "utf-8")
    assert run("office", "init", str(bad), "--replace-demo").code == 1
    assert office_name(demo) == OFFICE_NAME
    demo.dispose()

    made = run("office", "init", str(EXAMPLE), "--replace-demo")
    assert made.code == 0, made
    database = stored(data_dir)
    assert office_name(database) == "อบต.หนองน้ำใส"
    with database.read() as reader:
        assert reader.session.scalars(select(Entry.id)).all() == []
        assert reader.session.scalars(select(StaffAccount.id).where(StaffAccount.is_demo)).all() == []
    database.dispose()
    (aside,) = data_dir.glob("phueanban-demo-*.db")
    kept = Database(f"sqlite:///{aside}")
    assert office_name(kept) == OFFICE_NAME
    kept.dispose()
    assert sorted(path.name for path in data_dir.glob("*.new*")) == []


def test_a_demo_that_a_resident_has_written_to_is_not_moved_aside(run: Run, demo: Database) -> None:
    with demo.unit_of_work() as uow:
        meet(uow, "U1")
    assert "ประชาชนจริง" in run("office", "init", str(EXAMPLE), "--replace-demo").complaint
    assert office_name(demo) == OFFICE_NAME
    demo.dispose()


def test_the_seal_lies_in_the_media_store_drawn_anew(run: Run, data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "seal.png").write_bytes(photo(1))
    sealed = tmp_path / "sealed.toml"
    sealed.write_text(EXAMPLE.read_text("utf-8").replace("# seal", "seal"), "utf-8")
    assert run("office", "init", str(sealed)).code == 0
    database = stored(data_dir)
    with database.read() as reader:
        key = reader.session.scalars(select(Office.seal_key)).one()
    database.dispose()
    media: MediaStore = open_media(Settings(data_dir=data_dir, _env_file=None))  # type: ignore[call-arg]
    assert key is not None
    drawn = media.get(key)
    assert drawn is not None and drawn.startswith(b"\x89PNG") and drawn != photo(1)


def test_asked_one_by_one_a_wrong_answer_is_asked_again() -> None:
    answers = iter(
        [
            "", "อบต.หนองน้ำใส", "88 หมู่ 5", "สี่สาม", "043 000 000", "", "หัวหน้าสำนักปลัด", "", "",
            "นอกโลก", "16.44, 102.83", "8-9-10", "08.00-16.00", "-", "#ffffff #ffffff", "", "",
            "สำนักปลัด", "สำนักปลัด", "กองช่าง", "", "Somsri", "สมศรี", "somsri", "wichai", "วิชัย",
        ]
    )  # fmt: skip
    said: list[str] = []
    plan = ask_plan(lambda question: next(answers), said.append)
    assert faults_in(plan) == []
    assert (plan.facts.latitude, plan.facts.lunch_starts_at) == (16.44, None)
    assert plan.departments == ("สำนักปลัด", "กองช่าง")
    assert [person.username for person in plan.people] == ["somsri", "wichai"]
    assert len([line for line in said if line.startswith("  !")]) == 7


def test_answers_that_end_too_soon_make_no_office(
    run: Run, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("อบต.หนองน้ำใส\n"))
    assert "คำตอบยังไม่ครบ" in run("office", "init").complaint
    assert not data_dir.exists()


def test_the_checklist_on_the_command_line_names_the_page_where_it_is_mended(run: Run) -> None:
    assert run("office", "init", str(EXAMPLE)).code == 0
    told = run("office", "checklist")
    assert told.code == 1 and "ยังไม่มีประกาศความเป็นส่วนตัว" in told.out
    assert "http://127.0.0.1:8000/admin/setup/notice" in told.out


def test_the_example_reads_as_a_sound_plan() -> None:
    assert faults_in(read_plan(EXAMPLE)) == []
