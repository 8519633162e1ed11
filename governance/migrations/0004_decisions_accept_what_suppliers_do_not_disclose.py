"""Keep with a decision which silences of a supplier it accepted; the column has a default, so yesterday's code goes on deciding."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """The card stays as it was approved; who accepted what stands with the decision."""

    dependencies = [("governance", "0003_waivers_are_given_by_governance_and_end")]
    operations = [
        migrations.AddField(
            "decision",
            "accepted",
            models.JSONField(
                blank=True,
                db_default=models.Value([], models.JSONField()),
                default=list,
                help_text="Card fields of which it was accepted that the supplier does not disclose them",
            ),
        ),
    ]
