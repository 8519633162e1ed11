"""What a worker does for tokens: forget proofs that nobody could use again."""

from django.db.models.functions import Now

from marketplace.accounts.models import SpentAssertion


def forget_spent() -> int:
    """Delete the proofs of CI jobs that have expired; return how many."""
    return SpentAssertion.objects.filter(expires_at__lt=Now()).delete()[0]
