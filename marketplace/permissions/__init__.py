"""The one door to django-guardian, and the only way to ask what somebody may see."""
