"""The command line: what each command does, and what it says when it cannot."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.audit import SYSTEM, AuditRecord
from eservice.kit.database import Database
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings
from eservice.operations import arguments
from eservice.staff import accounts, queries, second_factor, sessions
from eservice.staff.accounts import Profile
from eservice.staff.models import Department, Role, SecondFactor, StaffAccount
from eservice.staff.permissions import GRANTS, Grant, Permission
from eservice.webhooks.models import OFFERED
from knowledge.entries import calibrations
from knowledge.entries.faq_file import FileKind
from knowledge.entries.models import Entry, EntryState
from knowledge.search import Calibration
from knowledge.search.recalibration import picture
from tests.commands import Run, data_dir, run
from tests.learned import copy_into
from tests.migrated import default_database
from tests.source import ROOT

__all__ = ["data_dir", "run"]

LINK = re.compile(r"^https?://\S+(/admin/link/\S+)$", re.MULTILINE)
HOME = re.compile(r"(http://127\.0\.0\.1:\d+)/$")
ROWS = (
    {"id": "pension", "question": "เบี้ยผู้สูงอายุต้องไปลงที่ไหน", "answer": "ลงทะเบียนที่ อบต.", "source": "ระเบียบ"},
    {"id": "tax", "question": "ภาษีป้ายจ่ายเมื่อไหร่", "answer": "จ่ายภายในเดือนมีนาคม"},
    {"id": "water", "question": "ขอต่อมิเตอร์น้ำประปา", "answer": "ยื่นคำขอที่กองช่าง"},
)


@pytest.fixture
def office(fresh_database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Each of the two databases in turn, named by DATABASE_URL; the command itself migrates it."""
    monkeypatch.setenv("DATABASE_URL", fresh_database.url.render_as_string(hide_password=False))
    fresh_database.signing_key = lambda: Settings.model_validate({"data_dir": data_dir}).signing_key
    return fresh_database


@pytest.fixture
def stored(data_dir: Path) -> Database:
    """The default database, migrated."""
    return default_database(data_dir)


def jsonl(folder: Path, *rows: object) -> Path:
    """A file of JSON lines."""
    path = folder / "file.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-command"],
        ["serve", "--port", "many"],
        ["serve", "--port", "70000"],
        ["staff"],
        ["staff", "create", "somsri"],
        ["staff", "create", "somsri", "--role", "boss"],
        ["faq", "import", "answers.doc"],
        ["faq", "export", "answers"],
        ["channels", "setup", "fax"],
    ],
)
def test_wrong_usage_is_2_and_changes_nothing(run: Run, data_dir: Path, words: list[str]) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert "usage:" in done.err
    assert not data_dir.exists()


def test_the_names_on_the_command_line_are_those_of_the_code() -> None:
    assert tuple(role.value for role in Role) == arguments.ROLES
    assert tuple(f".{kind.value}" for kind in FileKind) == arguments.FAQ_FILES
    assert tuple(kind.value for kind in OFFERED) == arguments.WEBHOOK_KINDS
    useful = {role.value for role in Role if Permission.CASE_READ in GRANTS[role]}
    assert useful == set(arguments.TOKEN_ROLES)


def test_help_loads_no_library() -> None:
    asked = (
        "import sys, app\ntry:\n    app.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print('loaded', *sorted({'sqlalchemy', 'fastapi', 'pydantic', 'structlog'} & set(sys.modules)))"
    )
    assert _python(asked).splitlines()[-1] == "loaded"


@pytest.mark.parametrize(
    ("is_on", "loaded"),
    [({}, ""), ({"LINE_CHANNEL_SECRET": "s", "LINE_CHANNEL_ACCESS_TOKEN": "t"}, "aiohttp")],
)
def test_a_channel_that_is_off_is_not_loaded(tmp_path: Path, is_on: dict[str, str], loaded: str) -> None:
    asked = (
        "import sys\nfrom bot import composition\nfrom eservice.kit.settings import Settings\n"
        "composition.build(Settings.read())\n"
        "print(*sorted({'aiohttp', 'httpx', 'linebot', 'telegram', 'openpyxl', 'xlsxwriter'} & set(sys.modules)))"
    )
    assert _python(asked, DATA_DIR=str(tmp_path), **is_on).strip() == loaded


def test_a_setting_that_cannot_be_used_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml-secret")
    assert "LOG_FORMAT" in (complaint := run("migrate").complaint)
    assert "xml-secret" not in complaint


def test_staff_create_prints_a_link_that_opens_the_account(run: Run, office: Database) -> None:
    migrate(office)
    with office.unit_of_work() as uow:
        uow.session.add(Department(name="กองคลัง"))
    done = run(
        "staff",
        "create",
        "Somsri",
        "--role",
        "author",
        "responder",
        "--role",
        "administrator",
        "--department",
        "กองคลัง",
    )
    assert (done.code, done.err) == (0, "")
    assert "somsri" in done.out
    with office.read() as reader:
        account = reader.session.scalars(select(StaffAccount)).one()
        held = {(grant.role, grant.department_id) for grant in queries.grants_of(reader, account.id)}
        actors = set(reader.session.scalars(select(AuditRecord.actor)))
        assert sessions.account_of_link(reader, _token(done.out)).username == "somsri"
    department = account.department_id
    assert held == {(Role.AUTHOR, department), (Role.RESPONDER, department), (Role.ADMINISTRATOR, None)}
    assert department is not None and actors == {"cli"}


def test_staff_link_gives_a_new_link_only_to_who_is_there(run: Run, stored: Database) -> None:
    first = run("staff", "create", "somsri", "--role", "author")
    second = run("staff", "link", "somsri")
    assert second.code == 0 and _token(second.out) != _token(first.out)
    with stored.read() as reader:
        assert sessions.account_of_link(reader, _token(second.out)).username == "somsri"
    assert run("staff", "link", "malee").complaint == "ไม่พบบัญชีนี้ / No such account"


def test_a_lone_administrator_without_phone_and_codes_has_a_way_back(run: Run, stored: Database) -> None:
    run("staff", "create", "somsri", "--role", "administrator")
    reset = ("staff", "reset-second-factor", "somsri")
    assert run(*reset).code == 1
    with stored.unit_of_work() as uow:
        account_id = uow.session.scalars(select(StaffAccount.id)).one()
        factor = SecondFactor(account_id=account_id, sealed_seed="", last_step=0, recovery_salt="")
        factor.enrolled_at = uow.now
        uow.session.add(factor)
    assert "somsri" in run(*reset).out
    with stored.read() as reader:
        assert second_factor.state_of(reader, account_id) is None
        (latest, *_) = audit.history(reader, subject_kind="staff", subject_id=account_id)
        assert (latest.actor, latest.action) == ("cli", "staff.second_factor_reset")


def test_staff_links_lead_to_the_public_address(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://abt.example.go.th/")
    assert (
        "\nhttps://abt.example.go.th/admin/link/" in run("staff", "create", "somsri", "--role", "author").out
    )


def test_staff_links_lead_to_where_it_was_last_served(
    run: Run, stored: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_dir.mkdir(exist_ok=True)
    Settings.model_validate({"data_dir": data_dir}).served_at("127.0.0.1", 8137).note_served()
    create = ("staff", "create", "somsri", "--role", "author")
    for words in (create, ("staff", "link", "somsri")):
        assert "\nhttp://127.0.0.1:8137/admin/link/" in run(*words).out
    monkeypatch.setenv("PUBLIC_URL", "https://abt.example.go.th")
    assert "\nhttps://abt.example.go.th/admin/link/" in run("staff", "link", "somsri").out


def test_staff_create_says_what_is_wrong(run: Run, stored: Database) -> None:
    assert (
        "No such department"
        in run("staff", "create", "s.s", "--role", "author", "--department", "ก").complaint
    )
    assert "A username has" in run("staff", "create", "ส", "--role", "author").complaint
    with stored.read() as reader:
        assert reader.session.scalar(select(StaffAccount.id)) is None


def test_an_import_with_bad_rows_names_each_and_writes_nothing(
    run: Run, office: Database, tmp_path: Path
) -> None:
    path = jsonl(tmp_path, ROWS[0], {"id": "x", "question": "ถามอะไร"}, {"question": "", "answer": "ตอบ"})
    done = run("faq", "import", str(path), "--publish")
    assert "line 2" in done.complaint and "บรรทัด 2" in done.complaint
    rows = done.out.splitlines()
    assert len(rows) == 2
    assert "บรรทัด 2 answer" in rows[0] and "line 2 answer: is missing" in rows[0]
    assert "line 3 question" in rows[1]
    with office.read() as reader:
        assert reader.session.scalar(select(Entry.id)) is None


def test_an_import_is_audited_and_published_only_when_told(
    run: Run, office: Database, tmp_path: Path
) -> None:
    path = jsonl(tmp_path, *ROWS)
    assert "3 new" in run("faq", "import", str(path)).out
    with office.read() as reader:
        assert set(reader.session.scalars(select(Entry.state))) == {EntryState.DRAFT}
        assert set(reader.session.scalars(select(AuditRecord.actor))) == {"cli"}
    assert "3 published" in run("faq", "import", str(path), "--publish").out
    with office.read() as reader:
        assert set(reader.session.scalars(select(Entry.state))) == {EntryState.LIVE}


@pytest.mark.parametrize("ending", arguments.FAQ_FILES)
def test_importing_an_export_changes_nothing(run: Run, stored: Database, tmp_path: Path, ending: str) -> None:
    run("faq", "import", str(jsonl(tmp_path, *ROWS)), "--publish")
    path = tmp_path / f"out{ending}"
    assert run("faq", "export", str(path)).code == 0
    done = run("faq", "import", str(path), "--publish")
    assert "0 new, 0 changed, 0 published, 3 unchanged" in done.out


def test_a_file_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing.csv")
    assert missing in run("faq", "import", missing).complaint
    assert missing in run("faq", "evaluate", missing).complaint
    folder = str(tmp_path / "no" / "out.csv")
    assert folder in run("faq", "export", folder).complaint


def test_asking_shows_the_decision_the_candidates_and_why(run: Run, tmp_path: Path) -> None:
    run("faq", "import", str(jsonl(tmp_path, *ROWS)), "--publish")
    told = run("faq", "ask", "เบี้ยผู้สูงอายุต้องไปลงที่ไหน").out
    assert "ตัดสินใจ: ตอบเอง / decision: answer" in told
    assert re.search(r"^  \d\.\d\d  pension  เบี้ยผู้สูงอายุ", told, re.MULTILINE)
    assert "most similar question: เบี้ยผู้สูงอายุต้องไปลงที่ไหน" in told
    answer = json.loads(run("faq", "ask", "เบี้ยผู้สูงอายุต้องไปลงที่ไหน", "--json").out)
    assert (answer["decision"], answer["chosen"], answer["emergency"]) == ("answer", ["pension"], False)
    assert answer["results"][0]["answer"] == "ลงทะเบียนที่ อบต." and 0.5 < answer["confidence"] <= 1
    assert answer["why"]["best_phrasing"] == ROWS[0]["question"]


def test_asking_what_nothing_answers(run: Run, tmp_path: Path) -> None:
    run("faq", "import", str(jsonl(tmp_path, *ROWS)), "--publish")
    assert json.loads(run("faq", "ask", "ราคาทองคำวันนี้", "--json").out)["decision"] == "unknown"
    assert "ไม่รู้ ส่งให้เจ้าหน้าที่ / decision: unknown" in run("faq", "ask", "ราคาทองคำวันนี้").out
    assert run("faq", "ask", "ไฟไหม้บ้าน ช่วยด้วย").out.startswith("เป็นเหตุฉุกเฉิน")


def test_evaluating_counts_what_was_found(run: Run, tmp_path: Path) -> None:
    run("faq", "import", str(jsonl(tmp_path, *ROWS)), "--publish")
    asked = jsonl(
        tmp_path,
        {"text": ROWS[0]["question"], "expected": ["pension"]},
        {"text": ROWS[1]["question"], "expected": ["water"]},
        {"text": "ราคาทองคำวันนี้", "expected": []},
    )
    told = run("faq", "evaluate", str(asked)).out
    assert "3 questions, 2 with an answer here" in told
    assert "the right entry comes first 50.0%" in told
    assert "answered though nothing answers it: 0" in told
    assert f"setting in force: answers from {Calibration().answer_threshold:.2f}" in told


def test_evaluating_and_asking_follow_the_setting_of_the_office(
    run: Run, stored: Database, tmp_path: Path
) -> None:
    run("faq", "import", str(jsonl(tmp_path, *ROWS)), "--publish")
    with stored.unit_of_work() as uow:
        strict = Calibration(shift=-50.0, answer_threshold=0.9, clarify_threshold=0.5)
        calibrations.move(uow, strict, picture((), strict), actor="malee")
    asked = tmp_path / "asked.txt"
    asked.write_text(f"{ROWS[0]['question']} | pension\n", encoding="utf-8")
    told = run("faq", "evaluate", str(asked)).out
    assert "answers from 0.90, asks back from 0.50" in told and "answered outright and right 0.0%" in told
    assert json.loads(run("faq", "ask", str(ROWS[0]["question"]), "--json").out)["decision"] == "unknown"


def test_a_file_of_questions_that_cannot_be_read_names_the_line(run: Run, tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"text": "ถาม", "expected": []}, {"text": 5})
    assert "line 2" in run("faq", "evaluate", str(path)).complaint
    path.write_text("")
    assert "expected" in run("faq", "evaluate", str(path)).complaint


def test_a_database_that_is_away_is_one_line_without_the_password(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://office:pass-word@127.0.0.1:1/office")
    complaint = run("staff", "link", "somsri").complaint
    assert "doctor" in complaint and "pass-word" not in complaint


def test_a_database_of_a_newer_version_is_left_alone(run: Run, stored: Database) -> None:
    with stored.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in run("migrate").complaint.splitlines()[-1]


def test_who_comes_second_to_a_port_hears_so_and_changes_nothing(run: Run, data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"127.0.0.1:{port}" in run("serve", "--port", port).complaint
    assert not data_dir.exists()


def test_links_lead_to_the_port_that_is_served(tmp_path: Path) -> None:
    copy_into(tmp_path)
    environment = os.environ | {"DATA_DIR": str(tmp_path), "PUBLIC_URL": ""}
    words = [sys.executable, "app.py", "serve", "--port", "0", "--no-demo", "--no-worker"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as serving:
        try:
            assert serving.stdout is not None
            here = next(found[1] for line in serving.stdout if (found := HOME.search(line)))
            assert f"Sitemap: {here}/sitemap.xml" in _once_served(serving, f"{here}/robots.txt")
            beside = Settings.model_validate({"data_dir": tmp_path})
            assert beside.as_last_served().public_url == here
        finally:
            serving.terminate()


def test_production_refuses_a_database_with_demo_accounts(
    run: Run, stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stored.unit_of_work() as uow:
        profile = Profile(display_name="ตัวอย่าง", grants=[Grant(role=Role.ADMINISTRATOR)])
        accounts.create_account(uow, "admin", profile, actor=SYSTEM, is_demo=True)
    monkeypatch.setenv("APP_ENV", "production")
    monkeypatch.setenv("PUBLIC_URL", "https://abt.example.go.th")
    assert "SECRET_KEY" in run("serve", "--port", "0").complaint
    monkeypatch.setenv("SECRET_KEY", "k" * 32)
    done = run("serve", "--port", "0")
    assert done.code == 1 and "demo accounts" in done.err.splitlines()[-1]
    assert done.out == ""


def _once_served(serving: subprocess.Popen[str], address: str) -> str:
    while serving.poll() is None:
        with contextlib.suppress(httpx.ConnectError):  # bound, but not yet listening
            return httpx.get(address).text
        time.sleep(0.05)
    raise AssertionError("the server has ended")


def _token(said: str) -> str:
    found = LINK.search(said)
    assert found is not None, said
    return found[1].rpartition("/")[2]


def _python(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ | environment,
    )  # fmt: skip
    return done.stdout
