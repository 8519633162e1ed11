"""Runs name their rules and keep their place; what was said of the same bytes is kept."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """New runs name their rules; old ones name none, so that they are looked at again."""


    dependencies = [
        ('catalog', '0006_grants_are_found_by_an_index_alone'),
        ('governance', '0005_access_requests'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('key', models.CharField(help_text='Digest over who said it, by which rules, and of which bytes', max_length=64, primary_key=True, serialize=False)),
                ('by', models.CharField(help_text='Who said it and by which rules, to clear what no rule set needs any more', max_length=120)),
                ('said', models.TextField(help_text='JSON, word for word as it was sealed')),
                ('seal', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['key'],
            },
        ),
        migrations.CreateModel(
            name='RuleSet',
            fields=[
                ('digest', models.CharField(help_text='sha256 over the content', max_length=64, primary_key=True, serialize=False)),
                ('content', models.JSONField()),
                ('first_used_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'ordering': ['first_used_at'],
            },
        ),
        migrations.AlterModelOptions(
            name='checkresult',
            options={'ordering': ['place', 'id']},
        ),
        migrations.RemoveConstraint(
            model_name='validationrun',
            name='one_open_run_per_version',
        ),
        migrations.AddField(
            model_name='checkresult',
            name='carried_from',
            field=models.BigIntegerField(blank=True, help_text='The run that gave this answer, when only another check was asked again', null=True),
        ),
        migrations.AddField(
            model_name='checkresult',
            name='inputs_digest',
            field=models.CharField(blank=True, db_default='', help_text='sha256 over its rules and everything it could look at', max_length=64),
        ),
        migrations.AddField(
            model_name='checkresult',
            name='place',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='Among the checks of the run'),
        ),
        migrations.AddField(
            model_name='checkresult',
            name='quarantines',
            field=models.BooleanField(db_default=False, default=False, help_text='It says that the bytes are dangerous'),
        ),
        migrations.AddField(
            model_name='checkresult',
            name='severity',
            field=models.CharField(choices=[('info', 'Info'), ('low', 'Low'), ('medium', 'Medium'), ('high', 'High'), ('critical', 'Critical')], db_default='high', default='high', help_text='How grave it is when this check fails', max_length=8),
        ),
        migrations.AddField(
            model_name='validationrun',
            name='only',
            field=models.CharField(blank=True, db_default='', help_text='The one check that was asked again; empty: all of them', max_length=40),
        ),
        migrations.AddField(
            model_name='validationrun',
            name='place',
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict, help_text='What was hashed in earlier turns, and how far the present file is'),
        ),
        migrations.AddField(
            model_name='validationrun',
            name='reason',
            field=models.CharField(choices=[('submit', 'Submitted'), ('rerun', 'Run again'), ('rescan', 'Looked at again under newer rules'), ('release', 'Released from quarantine')], db_default='submit', default='submit', max_length=8),
        ),
        migrations.AddField(
            model_name='validationrun',
            name='slices',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='How often it was laid aside to go on later'),
        ),
        migrations.AddField(
            model_name='validationrun',
            name='stage',
            field=models.CharField(blank=True, db_default='', help_text='Where it is, while it runs', max_length=20),
        ),
        migrations.AddIndex(
            model_name='keptanswer',
            index=models.Index(fields=['by'], name='kept_answers_by'),
        ),
        migrations.AddConstraint(
            model_name='ruleset',
            constraint=models.CheckConstraint(condition=models.Q(('digest__regex', '^[0-9a-f]{64}$')), name='rule_set_is_named_by_its_sha256'),
        ),
        migrations.AddField(
            model_name='validationrun',
            name='rule_set',
            field=models.ForeignKey(help_text='Those of the worker that ran it', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='governance.ruleset'),
        ),
        migrations.AddIndex(
            model_name='validationrun',
            index=models.Index(fields=['version', 'rule_set'], name='runs_by_rules'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'finished'), _negated=True), models.Q(('reason', 'rescan'), _negated=True)), fields=('version',), name='one_open_run_per_version'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('state', 'finished'), _negated=True), ('reason', 'rescan')), fields=('version',), name='one_open_rescan_per_version'),
        ),
        migrations.AddConstraint(
            model_name='validationrun',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['release', 'rerun', 'rescan', 'submit'])), name='run_reason_is_known'),
        ),
    ]
