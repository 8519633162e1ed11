"""Releases from quarantine: two people answer for them, and they never change."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


FORWARD = """
CREATE TRIGGER releases_never_change BEFORE UPDATE OR DELETE ON governance_release FOR EACH ROW EXECUTE FUNCTION refuse_governance_change();
"""
BACK = "DROP TRIGGER releases_never_change ON governance_release;"


class Migration(migrations.Migration):
    """What was released, by whom and why, stays readable."""


    dependencies = [
        ('catalog', '0006_grants_are_found_by_an_index_alone'),
        ('governance', '0006_rules_and_kept_answers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('check_id', models.CharField(max_length=40)),
                ('fingerprint', models.CharField(help_text='Digest over the check, the manifest and everything it found', max_length=64)),
                ('reason', models.TextField()),
                ('released_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('released_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('run', models.ForeignKey(help_text='The run that quarantined', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='governance.validationrun')),
                ('seconded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to='catalog.modelversion')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('version', 'fingerprint'), name='one_release_of_the_same_findings'), models.CheckConstraint(condition=models.Q(('released_by', models.F('seconded_by')), _negated=True), name='two_people_release'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='a_release_says_why')],
            },
        ),
        migrations.RunSQL(FORWARD, BACK),
    ]
