"""The code in README.md runs, and prints what it says."""

from __future__ import annotations

import doctest
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


def blocks() -> Iterator[tuple[int, str]]:
    """Every block of Python, with the number of lines before it."""
    text = README.read_text(encoding="utf-8")
    for found in re.finditer(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
        yield text.count("\n", 0, found.start(1)), found.group(1)


def test_examples_print_what_they_say() -> None:
    """Blocks with prompts, as one session: each may use what those before it define."""
    session = ""
    for line, text in blocks():
        if text.startswith(">>>"):
            session += "\n" * (line - session.count("\n")) + text
    examples = doctest.DocTestParser().get_doctest(session, {}, "README.md", str(README), 0)
    assert examples.examples
    shown: list[str] = []
    doctest.DocTestRunner().run(examples, out=shown.append)
    assert not shown, "".join(shown)


@pytest.mark.parametrize(("line", "text"), [block for block in blocks() if not block[1].startswith(">>>")])
def test_other_blocks_run(line: int, text: str, tmp_path: Path) -> None:
    """Each on its own, from a file."""
    path = tmp_path / f"readme_{line}.py"
    path.write_text(text, encoding="utf-8")
    runpy.run_path(str(path))


def test_pictures_exist() -> None:
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / name).read_bytes().startswith(b"\x89PNG")
