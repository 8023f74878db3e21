"""Groups of options: what a command declares as one value is told on the command line one by one."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from reinterpret.cli.grouped import grouped


@dataclass(frozen=True, slots=True)
class Paint:
    """How it is painted."""

    colour: Annotated[str, typer.Option(help="Of the paint.")] = "red"
    coats: Annotated[int, typer.Option("--coats", "-c", help="How many.")] = 1
    names: Annotated[list[str], typer.Option("--name", help="May be repeated.")] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Size:
    """How large it is."""

    height: Annotated[float | None, typer.Option(help="In metres.")] = None


_PAINT, _SIZE = Paint(), Size()


@grouped
def build(
    what: Annotated[str, typer.Argument(help="What to build.")],
    paint: Paint = _PAINT,
    size: Size = _SIZE,
    quick: Annotated[bool, typer.Option("--quick", help="In a hurry.")] = False,
) -> None:
    """Builds it."""
    print(what, paint, size, quick)


app = typer.Typer(rich_markup_mode=None)
app.command()(build)


def said(*words: str) -> str:
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == 0, ended.output
    return ended.output.strip()


@pytest.mark.parametrize(
    ("words", "paint", "size", "quick"),
    [
        ((), Paint(), Size(), False),
        (("--colour", "blue", "-c", "2"), Paint("blue", 2), Size(), False),
        (("--name", "a", "--height", "1.5", "--name", "b", "--quick"), Paint(names=["a", "b"]), Size(1.5), True),
    ],
)
def test_a_command_gets_its_groups_whole(words: tuple[str, ...], paint: Paint, size: Size, quick: bool) -> None:
    assert said("house", *words) == f"house {paint} {size} {quick}"


def test_one_call_leaves_nothing_for_the_next() -> None:
    said("house", "--name", "a")
    assert said("house") == f"house {Paint()} {Size()} False"


def test_the_fields_stand_where_the_group_stood() -> None:
    assert list(inspect.signature(build).parameters) == ["what", "colour", "coats", "names", "height", "quick"]
    assert build.__name__ == "build"
    assert build.__doc__ == "Builds it."


def test_help_lists_the_options_of_every_group() -> None:
    listed = said("--help")
    for option, words in (("--colour", "Of the paint."), ("-c, --coats", "How many."), ("--height", "In metres.")):
        assert option in listed
        assert words in listed
    assert "--paint" not in listed
    assert "--size" not in listed


def test_a_command_without_groups_stays_as_it_is() -> None:
    @grouped
    def plain(one: int, other: Annotated[str, typer.Option()] = "x") -> str:
        return f"{one}{other}"

    assert plain(one=1, other="y") == "1y"
    assert list(inspect.signature(plain).parameters) == ["one", "other"]


def test_errors_name_the_option() -> None:
    ended = CliRunner().invoke(app, ["house", "--coats", "many"])
    assert ended.exit_code == 2
    assert "--coats" in ended.output
