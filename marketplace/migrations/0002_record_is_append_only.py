"""Link events into the hash chain at commit, and refuse every change to the record."""

from django.db import migrations

LINK = """
CREATE FUNCTION link_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head bytea;
    last bigint;
BEGIN
    -- Taken at commit, after every other lock of the transaction: one order, no deadlock, no gap.
    PERFORM pg_advisory_xact_lock(7141100);
    SELECT seq, hash INTO last, head FROM marketplace_eventlink ORDER BY seq DESC LIMIT 1;
    INSERT INTO marketplace_eventlink (seq, event_id, hash)
    VALUES (coalesce(last, 0) + 1, NEW.id, sha256(coalesce(head, ''::bytea) || convert_to(NEW.body, 'UTF8')));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER events_are_linked_at_commit AFTER INSERT ON marketplace_event
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION link_event();
"""
REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE ON marketplace_event FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER links_never_change BEFORE UPDATE OR DELETE ON marketplace_eventlink FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER texts_never_change BEFORE UPDATE ON marketplace_eventtext FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON marketplace_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER links_are_never_truncated BEFORE TRUNCATE ON marketplace_eventlink FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
BACK = """
DROP TRIGGER events_are_never_truncated ON marketplace_event;
DROP TRIGGER links_are_never_truncated ON marketplace_eventlink;
DROP TRIGGER texts_never_change ON marketplace_eventtext;
DROP TRIGGER links_never_change ON marketplace_eventlink;
DROP TRIGGER events_never_change ON marketplace_event;
DROP TRIGGER events_are_linked_at_commit ON marketplace_event;
DROP FUNCTION refuse_change();
DROP FUNCTION link_event();
"""


class Migration(migrations.Migration):
    """The record can grow and nothing else."""

    dependencies = [("marketplace", "0001_initial")]
    operations = [migrations.RunSQL(LINK + REFUSE, BACK)]
