"""Templates are written once, never over a file; a misspelled one is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from gigaplan.figure import PathError
from gigaplan.plan import loads
from gigaplan.report.templates import template_names, template_text, write_template


def test_the_templates_are_those_of_the_command_line() -> None:
    assert list(template_names()) == ["cloud", "rack", "megawatt", "campus"]
    assert all(template_names().values())


@pytest.mark.parametrize("name", list(template_names()))
def test_a_template_reads_and_explains_itself(name: str) -> None:
    text = template_text(name)
    assert text.startswith("# ")
    assert loads(text, f"{name}.yaml").name.startswith("My ")
    assert max(len(line) for line in text.splitlines()) <= 130


def test_a_template_is_written_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    assert write_template("rack", str(file)) == str(file)
    assert file.read_text("utf-8") == template_text("rack")


def test_without_a_file_it_takes_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_template("cloud") == "cloud.yaml"
    assert (tmp_path / "cloud.yaml").is_file()


def test_a_file_that_exists_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="left as it is"):
        write_template("rack", str(file))
    assert file.read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("word", "hint"), [("racks", 'did you mean "rack"'), ("zzz", "there are"), ("", "there are")]
)
def test_a_misspelled_template_is_answered(word: str, hint: str) -> None:
    with pytest.raises(PathError, match=hint):
        template_text(word)
