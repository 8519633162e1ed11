"""Try a delivery again later and later, and never give it up; the column has a default, so yesterday's code goes on writing."""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    """A listener that failed for minutes is not lost for ever."""

    dependencies = [("marketplace", "0002_record_is_append_only")]
    operations = [
        migrations.AddField(
            "delivery",
            "next_at",
            models.DateTimeField(db_default=Now(), help_text="Not tried again before: each failure waits longer, none is the last"),
        ),
    ]
