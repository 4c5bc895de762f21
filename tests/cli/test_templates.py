"""What is copied or shown from a checkout is in a wheel too."""

from __future__ import annotations

from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from headrace.cli import scaffold

ROOT = Path(__file__).parents[2]


def files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".headrace" not in path.parts
    }


@pytest.fixture(scope="module")
def shipped() -> dict[str, str]:
    """What a wheel of this checkout holds: the path in it, and the file that it comes from."""
    builder = WheelBuilder(str(ROOT))
    with builder.config.set_build_data({"artifacts": [], "force_include": {}, "build_hooks": ()}):
        return {file.distribution_path: file.path for file in builder.recurse_included_files()}


@pytest.mark.parametrize("template", scaffold.TEMPLATES)
def test_a_wheel_holds_the_template(template: str, shipped: dict[str, str], tmp_path: Path) -> None:
    inside = f"headrace/cli/templates/{template}/"
    packed = {path.removeprefix(inside) for path in shipped if path.startswith(inside)}
    assert "headrace.yaml" in packed
    scaffold.create(tmp_path / "new", template)
    assert packed == files(tmp_path / "new")


def test_a_wheel_holds_the_package_and_nothing_beside_it(shipped: dict[str, str]) -> None:
    assert {path.partition("/")[0] for path in shipped} == {"headrace"}
    assert {"headrace/__init__.py", "headrace/py.typed", "headrace/cli/app.py"} <= shipped.keys()
    assert [path for path in shipped if ".headrace" in path or "__pycache__" in path] == []


def test_the_packaged_template_goes_before_the_example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packaged = tmp_path / "headrace" / "cli" / "templates" / "flights"
    packaged.mkdir(parents=True)
    (packaged / "headrace.yaml").write_text("name: packaged\n")
    monkeypatch.setattr(scaffold, "__file__", str(tmp_path / "headrace" / "cli" / "scaffold.py"))
    scaffold.create(tmp_path / "new", "flights")
    assert files(tmp_path / "new") == {"headrace.yaml"}


def test_what_a_run_left_is_not_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packaged = tmp_path / "headrace" / "cli" / "templates" / "orders"
    (packaged / ".headrace").mkdir(parents=True)
    (packaged / "headrace.yaml").write_text("name: packaged\n")
    monkeypatch.setattr(scaffold, "__file__", str(tmp_path / "headrace" / "cli" / "scaffold.py"))
    scaffold.create(tmp_path / "new", "orders")
    assert not (tmp_path / "new" / ".headrace").exists()


def test_a_wheel_holds_what_mcp_clients_read(shipped: dict[str, str]) -> None:
    packed = {
        path.rpartition("/")[2] for path in shipped if path.startswith("headrace/architect/requirements_examples/")
    }
    assert packed == {path.name for path in (ROOT / "examples" / "requirements").glob("*.yaml")}
    assert {path for path in shipped if path.startswith("headrace/mcp/docs/")} == {"headrace/mcp/docs/errors.md"}
