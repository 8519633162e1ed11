"""Refuse every change to published policies and to decisions, but for the mark that a decision no longer counts."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_governance_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'governance_decision' AND TG_OP = 'UPDATE'
        AND (to_jsonb(NEW) - 'is_current') = (to_jsonb(OLD) - 'is_current') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% never changes', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER policies_never_change BEFORE UPDATE OR DELETE ON governance_policy FOR EACH ROW EXECUTE FUNCTION refuse_governance_change();
CREATE TRIGGER decisions_never_change BEFORE UPDATE OR DELETE ON governance_decision FOR EACH ROW EXECUTE FUNCTION refuse_governance_change();
"""
BACK = """
DROP TRIGGER decisions_never_change ON governance_decision;
DROP TRIGGER policies_never_change ON governance_policy;
DROP FUNCTION refuse_governance_change();
"""


class Migration(migrations.Migration):
    """What was decided stays decided."""

    dependencies = [("governance", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
