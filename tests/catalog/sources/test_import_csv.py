"""Importing a spreadsheet: guessed columns, rows that are wrong, what is missing."""

import contextlib

import pytest
from django.core.management import CommandError, call_command

from catalog.registry.models import RegisteredModel
from catalog.sources.connectors.records import Unreadable
from catalog.sources.connectors.spreadsheet import count_of, guess

SHEET = """Model Name;Description;Owner;Risk;Params;Keywords;Colour
Churn radar;Predicts churn;lea;t3;1.2M;churn, crm;red
Credit;Scores;;T9;;;

;no name;;;;;
预测;x;;;2,800 B;;
Churn Radar;again;;;;;
Bad;y;;;lots;;
"""


@pytest.fixture
def run(tmp_path, cast, capsys):
    """Import a sheet into team sales."""

    def go(text=SHEET, **options):
        file = tmp_path / "models.csv"
        file.write_text(text, encoding="utf-8")
        call_command("import_csv", str(file), **({"team": "sales"} | options))
        told = capsys.readouterr()
        return told.out + told.err

    return go


@pytest.mark.django_db
def test_rows_become_drafts_and_wrong_ones_are_named_by_row_and_column(run):
    told = run()
    assert "Model Name → name" in told
    assert "Colour → not read" in told
    assert "row 3, column Risk: skipped. 't9' is none of T1, T2, T3, T4." in told
    assert "row 5, column Model Name: skipped. The name is missing." in told
    assert "row 7: skipped. The id churn radar came before, in line 2." in told
    assert "row 8, column Params: skipped." in told
    assert "2 added" in told
    model = RegisteredModel.objects.get(name="Churn-radar")
    assert (model.state, model.origin, model.tier, model.parameters, model.tags) == ("draft", "internal", "T3", 1_200_000, ["churn", "crm"])
    assert RegisteredModel.objects.get(display_name="预测").parameters == 2_800_000_000_000


@pytest.mark.django_db
def test_it_says_what_is_missing_for_the_tier(run):
    told = run("name,tier,limitations,purpose\nA,T4,Poor on scans,Sorting\nB,T1,,\n")
    first = next(line for line in told.splitlines() if line.startswith("row 2 A, T4:"))
    second = next(line for line in told.splitlines() if line.startswith("row 3 B, T1:"))
    assert "Limitations" not in first
    assert "Limitations" in second
    assert "(no tier given; T3 assumed)" in run("name\nC\n")


@pytest.mark.django_db
def test_again_changes_nothing_and_a_dry_run_writes_nothing(run):
    assert "2 would be added" in run(dry_run=True)
    assert not RegisteredModel.objects.exists()
    run()
    before = list(RegisteredModel.objects.values())
    assert "0 added, 0 changed, 2 unchanged" in run()
    assert list(RegisteredModel.objects.values()) == before


@pytest.mark.django_db
def test_a_column_can_be_named_and_a_wrong_name_is_refused(run):
    assert "1 added" in run("Bezeichner,Was\nradar,Predicts\n", named=["Bezeichner=name", "Was=summary"])
    assert RegisteredModel.objects.get().summary == "Predicts"
    for named, why in (["x=name"], "no column x"), (["Was=colour"], "no field colour"), (["Was"], "COLUMN=FIELD"):
        with pytest.raises(CommandError, match=why):
            run("Bezeichner,Was\nradar,Predicts\n", named=named)
    with pytest.raises(CommandError, match="No column names the models"):
        run("Bezeichner,Was\nradar,Predicts\n")
    with pytest.raises(CommandError, match="no team nowhere"):
        run(team="nowhere")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "\n", "name\n\x00\n", "name\na,b,c\n", 'name\n"unfinished\n', "name\n" + "x" * 300_000 + "\n"])
def test_odd_files_do_not_fail(run, text):
    with contextlib.suppress(CommandError):
        assert " added, 0 changed, 0 unchanged" in run(text)


@pytest.mark.parametrize(
    ("text", "count"), [("", None), ("125M", 125_000_000), ("8.03 B", 8_030_000_000), ("1,000,000", 1_000_000), ("2.8T", 2_800_000_000_000), ("7", 7)]
)
def test_counts_as_people_write_them(text, count):
    assert count_of(text) == count


@pytest.mark.parametrize("text", ["lots", "1.2.3", "-5", "NaN", "5 apples"])
def test_what_is_no_count(text):
    with pytest.raises(Unreadable):
        count_of(text)


def test_a_field_is_filled_by_one_column():
    assert guess(["Model", "Name", "Title"], {}) == {"Name": "name"}
