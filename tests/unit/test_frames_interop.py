"""To files and back: every dtype, every missing value, every odd text."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import examples
from tests.unit.test_frames_build import OUTCOMES
from xavatar.errors import FrameError, MissingExtra
from xavatar.frames import (
    DTYPES,
    NAMES,
    frame,
    from_arrow,
    read_csv,
    read_parquet,
    to_arrow,
    to_csv,
    to_parquet,
)
from xavatar.model import Outcome, Source, Status, Subject

ODD = [
    *["", "NA", "null", "None", "nan", "NaN", "<NA>", "N/A", "1", "01", "1e5", "True", "x" * 200_000],
    *["\\", "\\\\", "\\N", "a\nb", "a\r\nb", "\r", "\n", "a\rb", " x ", '"', ",", '"a",b', "'", "\x85", "\u2028"],
    *["=1+1", "@SUM(A1)", "+1", "-1", "\t=1", "😺", "e\u0301", "\u202eevil", "\ufeffx"],
]


def odd() -> pd.DataFrame:
    return frame(
        [Outcome(Subject("a@x.lit", name=name, nick=name), Source.PEP, Status.OK, text=name) for name in [*ODD, None]],
        snapshot="s",
    )


def through_csv(table: pd.DataFrame) -> pd.DataFrame:
    out = io.StringIO(newline="")
    to_csv(table, out)
    return read_csv(io.StringIO(out.getvalue(), newline=""))


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one.reset_index(drop=True), other, check_exact=True)


@given(st.lists(OUTCOMES, max_size=6))
@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow])
def test_any_frame_survives_csv(outcomes: list[Outcome]) -> None:
    table = frame(outcomes, snapshot="s")
    same(table, through_csv(table))


@given(st.lists(OUTCOMES, max_size=6))
@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow])
def test_any_frame_survives_arrow(outcomes: list[Outcome]) -> None:
    table = frame(outcomes, snapshot="s")
    same(table, from_arrow(to_arrow(table)))


@pytest.mark.parametrize("table", [odd(), frame([])], ids=["odd", "empty"])
def test_files(table: pd.DataFrame, tmp_path: Path) -> None:
    to_csv(table, tmp_path / "a.csv")
    same(table, read_csv(tmp_path / "a.csv"))
    to_csv(table, tmp_path / "a.csv.gz")
    same(table, read_csv(str(tmp_path / "a.csv.gz")))
    to_parquet(table, tmp_path / "a.parquet")
    same(table, read_parquet(tmp_path / "a.parquet"))


def test_missing_and_empty_text_stay_apart() -> None:
    back = through_csv(odd())
    assert back["name"].isna().sum() == 1
    assert (back["name"] == "").sum() == 1


def test_a_spreadsheet_runs_no_formula() -> None:
    out = io.StringIO(newline="")
    to_csv(odd()[lambda table: table["name"].str.len() < 100], out)
    cells = [cell for row in csv.reader(io.StringIO(out.getvalue(), newline="")) for cell in row]
    assert any("=1+1" in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)


def test_added_columns_are_kept() -> None:
    table = odd().assign(note="=x", mine=1)
    back = through_csv(table)
    assert list(back.columns) == [*NAMES, "note", "mine"]
    assert back["mine"].tolist() == ["1"] * len(table)
    assert from_arrow(to_arrow(table))["mine"].tolist() == [1] * len(table)


def test_lone_surrogates_put_in_later_are_cleaned() -> None:
    table = frame([Outcome(Subject("a@x.lit"), Source.PEP, Status.OK)])
    table["name"] = pd.Series(["x\ud800"], dtype="string[python]")
    assert through_csv(table)["name"].tolist() == ["x\ufffd"]
    assert from_arrow(to_arrow(table))["name"].tolist() == ["x\ufffd"]


def test_index_and_order_of_rows_and_columns_do_not_matter() -> None:
    table = odd()
    turned = table.iloc[::-1][list(reversed(NAMES))]
    same(table.iloc[::-1], through_csv(turned))


def test_arrow_types() -> None:
    schema = to_arrow(frame([])).schema
    assert schema.names == list(NAMES)
    assert {str(field.type) for field in schema} == {"string", "int64", "double", "bool", "timestamp[us, tz=UTC]"}


def test_a_table_that_polars_or_duckdb_rewrote() -> None:
    """Other tools like their strings large and their times in nanoseconds."""
    import pyarrow as pa

    arrow = to_arrow(odd())
    fields = [
        field.with_type(
            {pa.string(): pa.large_string(), pa.timestamp("us", "UTC"): pa.timestamp("ns", "UTC")}.get(
                field.type, field.type
            )
        )
        for field in arrow.schema
    ]
    same(odd().assign(observed_at=arrow["observed_at"].to_pandas()), from_arrow(arrow.cast(pa.schema(fields))).assign(
        observed_at=arrow["observed_at"].to_pandas()
    ))  # fmt: skip
    assert str(from_arrow(arrow.cast(pa.schema(fields))).dtypes["observed_at"]) == DTYPES["observed_at"]


def test_a_csv_of_others() -> None:
    with pytest.raises(FrameError, match="missing"):
        read_csv(io.StringIO("a,b\r\n1,2\r\n"))


@pytest.mark.parametrize(
    ("column", "cell"), [("nbytes", "many"), ("has_exif", "yes"), ("observed_at", "soon"), ("elapsed_ms", "x")]
)
def test_a_csv_somebody_edited(column: str, cell: str) -> None:
    row = ",".join(cell if name == column else "" for name in NAMES)
    with pytest.raises(FrameError, match=f"Column '{column}'"):
        read_csv(io.StringIO(f"{','.join(NAMES)}\r\n{row}\r\n"))


def test_without_pyarrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"pip install 'xavatar\[parquet\]'"):
        to_parquet(frame([]), tmp_path / "a.parquet")
    with pytest.raises(MissingExtra):
        read_parquet(tmp_path / "a.parquet")
