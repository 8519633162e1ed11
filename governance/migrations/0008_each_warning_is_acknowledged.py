"""A decision names every check whose warning was acknowledged."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Older decisions named none: they acknowledged all warnings together."""


    dependencies = [
        ('governance', '0007_releases'),
    ]

    operations = [
        migrations.AddField(
            model_name='decision',
            name='acknowledged_checks',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='The checks whose warnings were acknowledged, each by its id'),
        ),
    ]
