"""What a client may write and read: within the root, and nothing that people wrote is written over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from headrace.architect import write
from headrace.architect.examples import examples
from headrace.errors import UsageError
from headrace.mcp.rooted import closed, inside
from headrace.mcp.session import Session as State
from headrace.mcp.told import Told
from headrace.mcp.tool import Tool
from headrace.mcp.tools.explain import Asked
from tests.mcp_server.client import Session, text

REPORTING = examples()["reporting_only"]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def designed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the command writes for the same requirements."""
    at = tmp_path_factory.mktemp("command")
    (at / "requirements.yaml").write_text(REPORTING)
    write(at / "requirements.yaml", at / "out")
    return files(at / "out")


def test_what_is_written_is_what_the_command_writes(asking: Session, root: Path, designed: dict[str, bytes]) -> None:
    told = asking.told("design", requirements=REPORTING, out="new/folder")
    assert told["written"] == "new/folder"
    assert files(root / "new/folder") == designed
    assert {name: asking.read(f"headrace://design/last/{name}").encode() for name in designed} == designed


def test_an_earlier_design_is_written_over(asking: Session, root: Path, designed: dict[str, bytes]) -> None:
    asking.told("design", requirements=examples()["iot"], out="again")
    asking.told("design", requirements=REPORTING, out=str(root / "again"))
    now = files(root / "again")
    assert {name: now[name] for name in designed} == designed


@pytest.mark.parametrize("name", ["notes.md", "design.json", "project"])
def test_what_people_wrote_is_left_alone(name: str, asking: Session, root: Path) -> None:
    folder = root / f"with_{name}"
    folder.mkdir()
    (folder / name).write_text("mine")
    error = asking.refused("design", requirements=REPORTING, out=folder.name)
    assert error["code"] == "HR-164"
    assert files(folder) == {name: b"mine"}


def test_what_may_not_be_read_is_named(root: Path) -> None:
    def denied(_: State, __: object) -> Told:
        raise PermissionError(13, "Permission denied", "locked")

    tool: Tool[Asked] = Tool("locked", "", "", Asked, Told, denied)
    answer = tool.called(State(root), {"topic": "kappa"})
    assert answer.is_error
    assert text(answer).startswith("HR-103: it cannot be read or written: Permission denied")


def test_a_file_is_no_folder(asking: Session, root: Path) -> None:
    (root / "file").write_text("mine")
    assert asking.refused("design", requirements=REPORTING, out="file")["code"] == "HR-164"
    assert asking.refused("design", requirements=REPORTING, out="file/in")["code"] == "HR-103"


@pytest.fixture(scope="module")
def outside(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside the root, with links to it within."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "design.json").write_text('{"version": 1}')
    (folder / "headrace.yaml").write_text("name: secret\n")
    (root / "link").symlink_to(folder)
    (root / "link.json").symlink_to(folder / "design.json")
    (root / "circle").symlink_to(root / "circle")
    return folder


WAYS_OUT = ["..", "../x", "a/../../x", "/tmp", "link", "link/x", "a/../link/x", "circle/x", "nul\0", "x" * 300 + "/y"]


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_way_leads_out(way: str, asking: Session, outside: Path) -> None:
    before = files(outside)
    for tool, arguments in (
        ("design", {"requirements": REPORTING, "out": way}),
        ("review", {"requirements": REPORTING, "project": way}),
        ("review", {"design": way}),
    ):
        error = asking.refused(tool, **arguments)
        assert error["code"] == "HR-161"
        assert "secret" not in str(error)
    assert files(outside) == before


def test_a_record_that_is_a_link_out_is_not_read(asking: Session, outside: Path) -> None:
    assert asking.refused("review", design="link.json")["code"] == "HR-161"


def test_links_within_what_is_written_are_not_followed_out(asking: Session, root: Path, outside: Path) -> None:
    asking.told("design", requirements=REPORTING, out="linked")
    before = files(outside)
    for name in ("architecture.md", "pictures/flow.svg"):
        (root / "linked" / name).unlink()
        (root / "linked" / name).symlink_to(outside / "taken.md")
        assert asking.refused("design", requirements=REPORTING, out="linked")["code"] == "HR-161"
        (root / "linked" / name).unlink()
    assert files(outside) == before


def test_links_within_a_project_are_not_followed_out(asking: Session, root: Path, outside: Path) -> None:
    asking.told("design", requirements=REPORTING, out="reviewed")
    assert asking.told("review", project="reviewed/project")["drift"] is not None
    (root / "reviewed/project/sources/stolen.yaml").symlink_to(outside / "headrace.yaml")
    error = asking.refused("review", project="reviewed/project")
    assert error["code"] == "HR-161"
    assert "secret" not in str(error)


def test_two_links_in_a_row_are_not_followed_out(asking: Session, root: Path, outside: Path) -> None:
    """A folder of the project is a link to another one within the root, which holds a link out of it."""
    asking.told("design", requirements=REPORTING, out="twice")
    sources = root / "twice/project/sources"
    sources.rename(root / "shared_sources")
    sources.symlink_to(root / "shared_sources")
    assert asking.told("review", project="twice/project")["drift"] is not None
    (root / "shared_sources/stolen.yaml").symlink_to(outside / "headrace.yaml")
    error = asking.refused("review", project="twice/project")
    assert error["code"] == "HR-161"
    assert "secret" not in str(error)


def test_a_design_is_not_written_through_a_link_to_what_people_wrote(asking: Session, root: Path) -> None:
    asking.told("design", requirements=REPORTING, out="mine")
    (root / "theirs").mkdir()
    (root / "theirs/headrace.yaml").write_text("name: theirs\n")
    shutil.rmtree(root / "mine/project")
    (root / "mine/project").symlink_to(root / "theirs")
    assert asking.refused("design", requirements=REPORTING, out="mine")["code"] == "HR-164"
    assert files(root / "theirs") == {"headrace.yaml": b"name: theirs\n"}


def test_links_that_stay_within_are_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert inside(tmp_path, "b/x") == tmp_path / "a/x"
    closed(tmp_path, tmp_path)
    (tmp_path / "a/up").symlink_to("/")
    with pytest.raises(UsageError, match="HR-161"):
        closed(tmp_path, tmp_path)
