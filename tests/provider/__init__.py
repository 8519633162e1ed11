"""A company's directory as a process of its own: a second Django project with allauth's OpenID provider."""
