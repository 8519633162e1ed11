"""Use is counted by sessions, sealed into the record, and told to people only as far as they may know."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from catalog.registry.models import RegisteredModel
from catalog.usage import work
from catalog.usage.actions import record_read
from catalog.usage.models import DailyUse, UsageEvent
from catalog.usage.panels import model_panel
from catalog.usage.queries import seal_is_intact, usage_of
from marketplace.activity.models import Event
from marketplace.activity.queries import chain_report
from tests import cast as people
from tests.factories import a_model, a_version

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture
def version(cast):
    return a_version(a_model(cast.finance_ml, cast.paul), cast.paul)


def read(version, at, *, person=None, team=None, token="", kind="use", size=10):
    return UsageEvent.objects.create(
        at=at,
        kind=kind,
        model=version.model,
        version=version,
        path="a.bin",
        sha256="0" * 64,
        bytes=size,
        person=person or uuid4(),
        team=team,
        token=token,
    )


def sums(model) -> list[tuple]:
    return sorted(DailyUse.objects.filter(model=model).values_list("day", "team__name", "sessions", "bytes"), key=lambda row: (row[0], str(row[1])))


@pytest.fixture
def now():
    with time_machine.travel(NOON + timedelta(days=1, hours=4)):
        yield timezone.now()


class TestSessions:
    def test_one_per_person_token_and_version_in_24_hours(self, cast, version, now):
        bea, ivo = cast.bea.person, cast.ivo.person
        for hours in (0, 1, 5, 23.9):
            read(version, NOON + timedelta(hours=hours), person=bea, team=cast.sales)
        read(version, NOON + timedelta(hours=24), person=bea, team=cast.sales)
        read(version, NOON, person=bea, team=cast.sales, token="mkt_a")
        read(version, NOON, person=ivo, team=cast.claims_api)
        read(version, NOON, person=ivo, team=cast.claims_api, kind="work")
        work.roll_up()
        day, next_day = NOON.date(), NOON.date() + timedelta(days=1)
        assert sums(version.model) == [(day, "claims-api", 1, 10), (day, "sales", 2, 50), (next_day, "sales", 1, 10)]

    def test_running_it_again_changes_nothing_and_later_reads_are_added(self, cast, version, now):
        read(version, NOON, person=cast.bea.person, team=cast.sales)
        work.roll_up()
        first = sums(version.model)
        work.roll_up()
        assert sums(version.model) == first
        read(version, NOON + timedelta(hours=2), person=cast.bea.person, team=cast.sales)
        read(version, NOON + timedelta(hours=2), person=cast.ivo.person)
        work.roll_up()
        assert sums(version.model) == [(NOON.date(), None, 1, 10), (NOON.date(), "sales", 1, 20)]

    def test_days_in_which_no_worker_ran_are_counted_when_one_is_back(self, cast, version, now):
        read(version, NOON - timedelta(days=9), person=cast.bea.person)
        work.roll_up()
        read(version, NOON - timedelta(days=5), person=cast.bea.person)
        read(version, NOON - timedelta(days=4), person=cast.bea.person)
        work.roll_up()
        assert [row[0].day for row in sums(version.model)] == [9, 13, 14]

    def test_a_session_that_began_yesterday_is_not_counted_today_again(self, cast, version, now):
        for back in range(40):
            read(version, NOON - timedelta(hours=7 * back), person=cast.bea.person, team=cast.sales)
        work.roll_up(since=date(2026, 10, 1))
        whole = sums(version.model)
        work.roll_up()
        assert sums(version.model) == whole, "counting the last days alone finds the same sessions as counting all"
        assert sum(row[2] for row in whole) == 10

    def test_older_days_stay_as_they_are(self, cast, version, now):
        read(version, NOON, person=cast.bea.person)
        work.roll_up()
        DailyUse.objects.create(day=NOON.date() - timedelta(days=300), model=version.model, version=version, team=None, sessions=7)
        work.roll_up()
        assert DailyUse.objects.filter(sessions=7).exists()

    def test_lists_get_the_figures_of_thirty_days(self, cast, version, now):
        for back, team, people_there in ((0, cast.sales, 3), (29, cast.claims_api, 2), (30, cast.hr_ml, 50), (5, None, 1)):
            for _ in range(people_there):
                read(version, now - timedelta(days=back), team=team)
        gone = a_model(cast.finance_ml, cast.paul)
        RegisteredModel.objects.filter(pk=gone.pk).update(pulls_30d=9, teams_30d=9)
        work.roll_up()
        model = RegisteredModel.objects.get(pk=version.model_id)
        assert (model.pulls_30d, model.teams_30d) == (6, 2)
        gone.refresh_from_db()
        assert (gone.pulls_30d, gone.teams_30d) == (0, 0)


class TestSealing:
    @pytest.fixture
    def cast(self, transactional_db):
        return people.load()

    def test_a_batch_gets_one_event_and_a_change_would_show(self, cast, version):
        for _ in range(3):
            record_read(version, "a.bin", by=cast.bea, sha256="0" * 64, size=5)
        assert work.seal_reads() == 3
        assert work.seal_reads() == 0
        event = Event.objects.get(verb="reads.sealed")
        assert set(UsageEvent.objects.values_list("seal", flat=True)) == {event.pk}
        assert seal_is_intact(event)
        assert chain_report().is_intact
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE catalog_usageevent DISABLE TRIGGER reads_never_change")
            try:
                cursor.execute("UPDATE catalog_usageevent SET bytes = 6 WHERE id = (SELECT min(id) FROM catalog_usageevent)")
            finally:
                cursor.execute("ALTER TABLE catalog_usageevent ENABLE TRIGGER reads_never_change")
        assert not seal_is_intact(event)

    def test_the_database_refuses_to_change_a_read(self, cast, version):
        made = record_read(version, "a.bin", by=cast.bea, sha256="0" * 64, size=5)
        for change in (lambda: UsageEvent.objects.filter(pk=made.pk).update(bytes=1), made.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                change()

    def test_two_at_once_seal_every_read_once(self, cast, version, monkeypatch):
        monkeypatch.setattr(work, "BATCH", 7)
        for _ in range(40):
            record_read(version, "a.bin", by=cast.bea, sha256="0" * 64, size=5)

        def seal():
            try:
                return work.seal_reads()
            finally:
                connection.close()

        with ThreadPoolExecutor(3) as pool:
            done = list(pool.map(lambda _: seal(), range(3)))
        work.seal_reads()
        assert not UsageEvent.objects.filter(seal=None).exists()
        assert sum(done) <= 40
        assert all(seal_is_intact(event) for event in Event.objects.filter(verb="reads.sealed"))


class TestTelling:
    @pytest.fixture
    def used(self, cast, version, now):
        for person, team in ((cast.bea, cast.sales), (cast.sonja, cast.sales), (cast.ivo, cast.claims_api)):
            read(version, NOON, person=person.person, team=team)
        read(version, NOON - timedelta(days=60), person=cast.bea.person, team=cast.sales)
        work.roll_up(since=date(2026, 1, 1))
        return version.model

    def test_counts_teams_people_and_weeks(self, cast, used):
        usage = usage_of(cast.paul, used)
        assert (usage.sessions, usage.teams, usage.people) == (3, 2, "3")
        assert [(use.team, use.sessions) for use in usage.by_team] == [("sales", 2), ("claims-api", 1)]
        assert (len(usage.weeks), usage.weeks[-1], sum(usage.weeks)) == (26, 3, 4)

    @pytest.mark.parametrize(
        ("name", "knows"), [("paul", True), ("nina", True), ("gus", True), ("aud", True), ("bea", False), ("ivo", False), ("stan", False)]
    )
    def test_who_uses_it_is_told_to_few(self, cast, used, name, knows):
        assert bool(usage_of(getattr(cast, name), used).by_team) is knows

    def test_fewer_than_three_people_are_few(self, cast, version, now):
        assert usage_of(cast.paul, version.model).people == "nobody"
        read(version, NOON, person=cast.bea.person)
        read(version, NOON, person=cast.ivo.person)
        assert usage_of(cast.paul, version.model).people == "few"

    def test_the_panel_says_it_or_what_would_be_counted(self, cast, used, version):
        request = RequestFactory().get("/")
        request.user = cast.paul
        shown = model_panel(request, used)
        assert "Pulls in 30 days" in shown
        assert "claims-api" in shown
        assert "style=" not in shown
        request.user = cast.bea
        assert "claims-api" not in model_panel(request, used)
        assert "Nobody has used it yet" in model_panel(request, a_model(cast.finance_ml, cast.paul))
