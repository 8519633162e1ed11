"""Waivers: given by governance for at most ninety days, and never changed but for the mark that they ended."""

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION refuse_waiver_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND (to_jsonb(NEW) - 'ended_at') = (to_jsonb(OLD) - 'ended_at') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% never changes', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER waivers_never_change BEFORE UPDATE OR DELETE ON governance_waiver FOR EACH ROW EXECUTE FUNCTION refuse_waiver_change();
"""
BACK = """
DROP TRIGGER waivers_never_change ON governance_waiver;
DROP FUNCTION refuse_waiver_change();
"""


class Migration(migrations.Migration):
    """What was waived, by whom and until when, stays readable."""

    dependencies = [
        ('catalog', '0002_submitted_versions_never_change'),
        ('governance', '0002_decisions_and_policies_never_change'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Waiver',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('matter', models.CharField(help_text='What is waived, in the words of the policy: `pickle`', max_length=40)),
                ('reason', models.TextField()),
                ('given_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, help_text='Ended before its time, or found to be over', null=True)),
                ('given_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='waivers', to='catalog.modelversion')),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('version', 'matter'), name='one_waiver_per_matter_of_a_version'), models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('matter', ''), _negated=True)), name='a_waiver_says_what_and_why'), models.CheckConstraint(condition=models.Q(('until__gt', models.F('given_at')), ('until__lte', django.db.models.expressions.CombinedExpression(models.F('given_at'), '+', models.Value(datetime.timedelta(days=90))))), name='a_waiver_ends_within_ninety_days')],
            },
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
