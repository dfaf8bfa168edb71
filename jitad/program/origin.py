"""Where in the user's source a statement comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """One place in a source file: ``line`` counts from 1, ``column`` from 0 as in ``ast``."""

    file: str
    line: int
    column: int
    end_column: int
    text: str

    def packed(self) -> str:
        """One string that ``unpacked`` reads back: compiled code can raise an error with strings only."""
        return f"{self.line}:{self.column}-{self.end_column} {self.file}\n{self.text}"

    @classmethod
    def unpacked(cls, packed: str) -> Origin:
        """The place that ``packed`` gave."""
        place, text = packed.split("\n", 1)
        numbers, file = place.split(" ", 1)
        line, columns = numbers.split(":")
        column, end_column = columns.split("-")
        return cls(file, int(line), int(column), int(end_column), text)

    def short(self) -> str:
        """``file:line`` for comments and tables."""
        return f"{self.file}:{self.line}"

    def pointed(self) -> str:
        """The place, its line of source, and a row of carets below the text concerned."""
        text = self.text.rstrip()
        stripped = text.lstrip()
        shift = len(text) - len(stripped)
        start = max(self.column - shift, 0)
        width = max(min(self.end_column - shift, len(stripped)) - start, 1)
        return (
            f'  File "{self.file}", line {self.line}, column {self.column + 1}\n'
            f"    {stripped}\n    {' ' * start}{'^' * width}"
        )
