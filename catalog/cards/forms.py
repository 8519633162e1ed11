"""Forms around the fields of a card: its text, what was changed, a README to take over."""

from django import forms

from catalog.cards.editing import FieldsForm, WordsField


class TextForm(forms.Form):
    """The text of the card."""

    text = WordsField(
        label="Text", widget=forms.Textarea(attrs={"rows": 22, "spellcheck": "true"}), help_text="Markdown. What fields have no place for."
    )

    put = FieldsForm.put


class SummaryForm(forms.Form):
    """What goes with every save."""

    summary = forms.CharField(label="What did you change?", required=False, max_length=280, help_text="Others read it in the history.")
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)


class ReadmeForm(forms.Form):
    """A README.md to take over."""

    readme = forms.FileField(label="README.md", help_text="As on Hugging Face, with YAML at its head. Its text replaces the text of the card.")
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=2**31 - 1)

    def clean_readme(self) -> str:
        """Return the file's text."""
        file = self.cleaned_data["readme"]
        if file.size > 4_600_000:
            raise forms.ValidationError("The file is too large for a README. Send files as files of a version.")
        try:
            return str(file.read().decode("utf-8"))
        except UnicodeDecodeError as wrong:
            raise forms.ValidationError("The file is not UTF-8 text. Save it as UTF-8.") from wrong
