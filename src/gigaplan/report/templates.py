"""Plans to start from: what `gigaplan init` writes."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from gigaplan.figure import PathError
from gigaplan.read import nearest, there_are

SUFFIX = ".yaml"
WORDS = {
    "cloud": "chips rented from a cloud: no site, no capital",
    "rack": "a first rack in a colocation hall: half serves, half is let",
    "megawatt": "one megawatt of one's own: a building, 56 servers, a loan",
    "campus": "300 MW between three parties: shell, chips, models",
}
"""Name of a template -> what it is."""


def template_names() -> dict[str, str]:
    """Return the templates with a few words on each.

    Returns
    -------
    dict of str to str
        Name -> what it is, the smallest first.
    """
    return dict(WORDS)


def template_text(name: str) -> str:
    """Return the text of a template.

    Parameters
    ----------
    name : str
        One of `template_names`.

    Raises
    ------
    PathError
        When there is no such template.
    """
    if name not in WORDS:
        near = nearest(name, WORDS)
        hint = f'did you mean "{near}"?' if near else there_are(WORDS)
        raise PathError(f'"{name}" is no template; {hint}')
    folder = files("gigaplan.report") / "templates"
    return (folder / f"{name}{SUFFIX}").read_text(encoding="utf-8")


def write_template(name: str, file: str | None = None) -> str:
    """Write a template to a file, never over one that exists.

    Parameters
    ----------
    name : str
        One of `template_names`.
    file : str, optional
        Where to; left out, the template's name in the folder one is in.

    Returns
    -------
    str
        The file that was written.

    Raises
    ------
    PathError
        When there is no such template.
    FileExistsError
        When the file is there already.
    """
    text = template_text(name)
    path = Path(file or f"{name}{SUFFIX}")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError as error:
        words = "is there already and is left as it is; name another file"
        raise FileExistsError(error.errno, words, str(path)) from None
    return str(path)
