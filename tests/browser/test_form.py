"""The form of requirements in a browser: a person fills it in, sees what comes of it, and has the design made."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.architect import read

from .chromium import Chromium, Page
from .conftest import HEADRACE, LOOK
from .test_flights import SHOTS, none

pytestmark = pytest.mark.xdist_group("browser")

WIDTHS = [1280, 400]
HELP = """
window.field = (name, root = document) => look.all("label", root).find((label) => label.innerText.startsWith(name))?.control;
window.fill = (name, value, root) => {
  const control = field(name, root);
  control.focus();
  control.value = value;
  for (const event of ["input", "change"]) control.dispatchEvent(new Event(event, { bubbles: true }));
};
window.press = (name) => look.all("button").find((button) => button.innerText === name && button.checkVisibility()).click();
window.item = (name) => look.all(".item").find((one) => one.innerText.startsWith(name));
window.said = (id) => document.getElementById(id).innerText;
window.card = (name) => look.all("fieldset.card").find((one) => one.querySelector("legend").innerText.startsWith(name));
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def page(browser: Chromium, folder: Path) -> Iterator[Page]:
    """A page that has opened the link; when the test is over, the command has ended cleanly by Ctrl-C."""
    command = [HEADRACE, "design", "form", "--out", folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            link = process.stdout.readline().strip()
            with browser.page(1280, 900) as page:
                page.install(LOOK)
                page.install(HELP)
                page.goto(link)
                page.until("said('status').includes('missing')")
                yield page
                page.ask("1")
                # That the server asks before it writes over something is an error to the browser.
                assert [problem for problem in page.problems if " 409 " not in problem] == []
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=20)
                assert process.returncode == 0
        finally:
            process.kill()


def sound(page: Page, name: str) -> None:
    """What every state of the page has to hold, wide and narrow, light and dark."""
    for width in WIDTHS:
        page.resize(width, 900)
        for scheme, is_light in (("light", True), ("dark", False)):
            page.prefer(scheme)
            assert (page.ask("look.lightness()") > 0.5) is is_light
            assert page.ask("[innerWidth, document.documentElement.scrollWidth]") == [width, width]
            none(page, "faint()")
            if SHOTS:
                page.shot(Path(SHOTS) / f"form-{name}-{width}-{scheme}.png")
    page.resize(1280, 900)


def least(page: Page) -> None:
    page.ask("fill('Name', 'Shop')")
    page.ask("fill('Name', 'orders', item('Source 1')); fill('Kind', 'database', item('Source 1'))")
    page.ask("fill('Name', 'now', item('Workload 1')); fill('Kind', 'dashboard', item('Workload 1'))")
    page.ask("fill('Freshness', '5 seconds', item('Workload 1'))")
    page.until("said('status').startsWith('Kappa')")


def test_a_person_fills_it_in_and_gets_the_design(page: Page, folder: Path) -> None:
    sound(page, "empty")
    assert page.ask("look.all('.problem').filter((one) => one.checkVisibility()).length") == 0  # nobody is scolded yet
    least(page)
    assert page.ask("location.pathname + location.search") == "/"  # the token has left the address
    assert "over 3 years" in page.ask("said('status')")
    assert "name: Shop" in page.ask("said('yaml')")
    assert "null" not in page.ask("said('yaml')")
    assert "Assumed: 3 years" in page.ask("field('Years').parentElement.innerText")

    page.ask("fill('Years', 'many')")
    page.until("field('Years').getAttribute('aria-invalid') === 'true'")
    assert "HR-207 'many' is not a number" in page.ask("field('Years').parentElement.innerText")
    sound(page, "wrong")
    page.ask("fill('Years', '7')")

    page.ask("fill('Monthly', '10')")
    page.until("said('outcome').includes('HR-001')")
    assert "Nearest to it" in page.ask("said('outcome')")
    assert "HR-001" in page.ask("field('Monthly').parentElement.innerText")
    sound(page, "contradiction")
    page.ask("fill('Monthly', '60000')")
    page.until("said('status').startsWith('Kappa')")
    sound(page, "preview")

    page.ask("press('Make the design')")
    page.until("said('status').startsWith('The design is in')")
    made = read(folder / "requirements.yaml")
    assert (made.name, made.history.years, made.team.engineers) == ("Shop", 7, None)
    page.ask("press('Make the design')")
    page.until("document.querySelector('dialog').open")
    assert "architecture.html" in page.ask("said('dialog-text')")
    sound(page, "question")
    page.ask("press('Leave it')")
    page.until("said('status') === 'Nothing was written.'")

    address = page.ask("location.origin")
    page.goto(f"{address}/architecture.html")
    page.until("document.querySelector('h1')?.innerText === 'Shop: architecture'")
    assert page.ask("document.querySelectorAll('svg').length") > 0


def test_items_come_and_go_and_a_file_is_loaded(page: Page, folder: Path) -> None:
    least(page)
    page.ask("press('Add a source')")
    assert page.ask("document.activeElement === field('Name', item('Source 2'))") is True
    page.ask("fill('Name', 'clicks', item('Source 2'))")
    page.until("said('outcome').includes('Sources › 2 › Kind')")
    page.ask("item('Source 1').querySelector('.remove').click()")
    page.until("said('outcome').includes('Sources › 1 › Kind')")
    page.ask("look.all('#outcome .way')[0].click()")
    assert page.ask("document.activeElement === field('Kind', item('Source 1'))") is True
    page.ask("fill('Kind', 'events', item('Source 1'))")
    page.until("said('status').startsWith('Kappa')")
    assert "- name: clicks\n    kind: events\n" in page.ask("said('yaml')")

    page.ask("look.all('input', card('Further')).find((box) => box.labels[0].innerText === 'none of them').click()")
    page.until("said('yaml').includes('regulation: []')")
    page.ask("press('Save')")
    page.until("said('status').startsWith('Saved')")
    assert read(folder / "requirements.yaml").regulation == ()

    page.ask(
        """(() => { const box = document.getElementById('file'), held = new DataTransfer();
        held.items.add(new File(['name: Loaded\\nsources:\\n  - {name: a, kind: databas}\\n'], 'a.yaml'));
        box.files = held.files; box.dispatchEvent(new Event('change')); })()"""
    )
    page.until("field('Name').value === 'Loaded'")
    page.until("said('outcome').includes('Sources › 1 › Kind')")
    assert page.ask("field('Kind', item('Source 1')).value") == "databas"
    assert "database" in page.ask("field('Kind', item('Source 1')).parentElement.innerText")
