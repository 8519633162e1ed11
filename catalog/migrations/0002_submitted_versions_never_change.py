"""Refuse every change to files and digest of a version that is no draft, to card revisions and to usage."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION refuse_frozen_files() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.version_id ELSE NEW.version_id END;
    now_is text;
    digest text;
BEGIN
    -- What was found in a file (format, facts) is no part of the manifest and may be noted later.
    IF TG_OP = 'UPDATE' AND (NEW.version_id, NEW.path, NEW.blob_id) = (OLD.version_id, OLD.path, OLD.blob_id) THEN
        RETURN NEW;
    END IF;
    -- FOR SHARE: a submit that runs at the same moment waits for us, or we for it.
    SELECT state, manifest_digest INTO now_is, digest FROM catalog_modelversion WHERE id = wanted FOR SHARE;
    -- A version that comes back to draft after a rejection keeps the digest of its first submit, and so its files.
    IF now_is IS DISTINCT FROM 'draft' OR digest <> '' THEN
        RAISE EXCEPTION 'files of a submitted version never change (it is %)', now_is
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'files_never_change_after_submit';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER files_never_change_after_submit BEFORE INSERT OR UPDATE OR DELETE ON catalog_modelfile
    FOR EACH ROW EXECUTE FUNCTION refuse_frozen_files();

CREATE FUNCTION refuse_new_digest() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.manifest_digest, NEW.version, NEW.model_id) IS DISTINCT FROM (OLD.manifest_digest, OLD.version, OLD.model_id)
        OR NEW.descriptor IS DISTINCT FROM OLD.descriptor THEN
        RAISE EXCEPTION 'a submitted version never changes (it is %)', OLD.state
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'manifest_never_changes_after_submit';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER manifest_never_changes_after_submit BEFORE UPDATE ON catalog_modelversion
    FOR EACH ROW WHEN (OLD.state <> 'draft' OR OLD.manifest_digest <> '') EXECUTE FUNCTION refuse_new_digest();

CREATE FUNCTION refuse_card_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.model_id, NEW.number, NEW."values", NEW.sources, NEW.found, NEW.text) IS DISTINCT FROM
       (OLD.model_id, OLD.number, OLD."values", OLD.sources, OLD.found, OLD.text) THEN
        RAISE EXCEPTION 'a card revision never changes; save a new one'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'card_revisions_never_change';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER card_revisions_never_change BEFORE UPDATE ON catalog_cardrevision FOR EACH ROW EXECUTE FUNCTION refuse_card_change();

CREATE FUNCTION refuse_usage_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.seal IS NULL AND NEW.seal IS NOT NULL
        AND (to_jsonb(NEW) - 'seal') = (to_jsonb(OLD) - 'seal') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'reads of bytes are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER reads_never_change BEFORE UPDATE OR DELETE ON catalog_usageevent FOR EACH ROW EXECUTE FUNCTION refuse_usage_change();
"""
BACK = """
DROP TRIGGER reads_never_change ON catalog_usageevent;
DROP FUNCTION refuse_usage_change();
DROP TRIGGER card_revisions_never_change ON catalog_cardrevision;
DROP FUNCTION refuse_card_change();
DROP TRIGGER manifest_never_changes_after_submit ON catalog_modelversion;
DROP FUNCTION refuse_new_digest();
DROP TRIGGER files_never_change_after_submit ON catalog_modelfile;
DROP FUNCTION refuse_frozen_files();
"""


class Migration(migrations.Migration):
    """What was submitted stays what it was."""

    dependencies = [("catalog", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
