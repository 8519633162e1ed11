"""Keep what files say beside what the card says, so that a contradiction stays visible."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the column."""

    dependencies = [("catalog", "0002_submitted_versions_never_change")]
    operations = [
        migrations.AddField(
            model_name="cardrevision",
            name="found",
            field=models.JSONField(blank=True, default=dict, help_text="Field key -> {value, file}: what the files say, whatever the card says"),
        ),
    ]
