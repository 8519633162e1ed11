"""The forms of access: a request with the questions of the owners, a decision, an answer, the rule of a model."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.text import slugify

from catalog.registry.models import RegisteredModel
from catalog.registry.states import DataClass, Environment
from governance.access.countries import COUNTRIES
from governance.access.models import AccessPart, AccessRule
from governance.access.permissions import step_of
from governance.access.queries import questions_of
from governance.access.questions import MOST_QUESTIONS, Question, questions_in
from governance.access.states import PRIVATE_DATA, AnswerKind, Choice
from governance.access.wishes import day_of

BLANK_QUESTIONS = 2
DAY = {"type": "date"}
END_HELP = "Until the end of that day, UTC."


def day_field(label: str, *, help_text: str = "", required: bool = True, latest: Any = None) -> forms.DateField:
    """A day, picked where the browser can."""
    limits = DAY | ({"max": latest.isoformat()} if latest else {})
    return forms.DateField(label=label, help_text=help_text, required=required, widget=forms.DateInput(attrs=limits, format="%Y-%m-%d"))


class AccessForm(forms.Form):
    """A wish for access. The action checks what it means; the form checks its shape and keeps what was typed."""

    use_case = forms.ChoiceField(label="What it is for")
    who = forms.ChoiceField(label="Who will use it")
    environment = forms.ChoiceField(label="Where it will run", choices=Environment.choices)
    data_class = forms.ChoiceField(label="The most sensitive data it will see", choices=DataClass.choices)
    until = forms.DateField()
    volume = forms.CharField(label="Expected use", max_length=200, required=False, help_text="Such as 2,000 documents a day.")
    note = forms.CharField(label="What the owners should know", max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    also = forms.CharField(
        label="The same for more models",
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One team/model a line. The owners of each decide on theirs.",
    )
    renews = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, models: Sequence[RegisteredModel], use_cases: Any, people: Any, latest: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.models = list(models)
        self.fields["use_case"].choices = use_cases  # type: ignore[attr-defined]
        self.fields["who"].choices = people  # type: ignore[attr-defined]
        self.fields["until"] = day_field("Until", latest=latest, help_text=f"{END_HELP} At most {latest:%-d %b %Y}.")
        for model in self.models:
            for question in questions_of(model):
                self.fields[name_of(model, question.key)] = answer_field(question, str(model) if len(self.models) > 1 else "")

    def answers(self) -> dict[str, dict[str, Any]]:
        """Return what was answered, by model and key; what was left empty is left out."""
        found: dict[str, dict[str, Any]] = {}
        for model in self.models:
            given = {q.key: self.cleaned_data.get(name_of(model, q.key)) for q in questions_of(model)}
            found[str(model)] = {key: value.isoformat() if isinstance(value, date) else value for key, value in given.items()}
        return found

    def place_of(self, field: str) -> str | None:
        """Return the field of the form that an error of the action belongs to."""
        for model in self.models:
            prefix = f"answers.{model}."
            if field.startswith(prefix):
                return name_of(model, field.removeprefix(prefix))
        place = {"team": "who", "user": "who", "models": "also"}.get(field, field)
        return place if place in self.fields else None


def name_of(model: RegisteredModel, key: str) -> str:
    """The name of the field for a question of a model."""
    return f"q{model.pk}-{key}"


def answer_field(question: Question, model: str) -> forms.Field:
    """The field for one question; whether it must be answered is for the action to say, together with everything else."""
    label = f"{question.label} ({model})" if model else question.label
    if question.kind == AnswerKind.CHECKBOX:
        return forms.BooleanField(label=label, required=False)
    if question.kind == AnswerKind.DATE:
        return day_field(label, required=question.is_required)
    if question.kind == AnswerKind.CHOICE:
        choices = [("", "Choose one"), *((option, option) for option in question.options)]
        return forms.ChoiceField(label=label, choices=choices, required=question.is_required)
    if question.kind == AnswerKind.COUNTRY:
        return forms.ChoiceField(label=label, choices=[("", "Choose a country"), *by_name()], required=question.is_required)
    return forms.CharField(label=label, max_length=2_000, required=question.is_required, widget=forms.Textarea(attrs={"rows": 2}))


def by_name() -> list[tuple[str, str]]:
    """The countries in the order of their names."""
    return sorted(COUNTRIES.items(), key=lambda pair: pair[1])


class DecisionForm(forms.Form):
    """What somebody says to one part; its fields start with what was asked for."""

    step = forms.CharField(widget=forms.HiddenInput, max_length=8)
    choice = forms.ChoiceField(label="Decision", choices=Choice.choices, widget=forms.RadioSelect)
    until = forms.DateField()
    environment = forms.ChoiceField(label="Environment")
    data_class = forms.ChoiceField(label="Data")
    reason = forms.CharField(
        label="Reason or question",
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to ask and to deny: at least 10 characters. The requester reads it.",
    )
    again_after = forms.DateField(required=False)

    def __init__(self, typed: Any = None, *, part: AccessPart) -> None:
        agreed = next((d for d in reversed(part.decisions.all()) if d.choice == Choice.GRANT), None) or part.request
        assert agreed.until is not None  # noqa: S101 - a yes has its terms, says the database
        last = day_of(agreed.until)
        start: dict[str, Any] = {
            "step": step_of(part),
            "choice": Choice.GRANT,
            "until": last,
            "environment": agreed.environment,
            "data_class": agreed.data_class,
        }
        super().__init__(typed, prefix=f"p{part.pk}", initial=start)
        self.fields["until"] = day_field("Until", latest=last, help_text=f"{END_HELP} It can only be shortened.")
        self.fields["again_after"] = day_field("May ask again from", required=False, help_text="After a denial. Empty: in 30 days.")
        for field, choices in (("environment", Environment), ("data_class", DataClass)):
            pairs = list(choices.choices)
            self.fields[field].choices = pairs[: list(choices.values).index(start[field]) + 1]  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """The answer to a question."""

    text = forms.CharField(label="Your answer", max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}))


class RuleForm(forms.Form):
    """How access to a model is given."""

    is_automatic = forms.BooleanField(label="Grant at once what stays within these two", required=False)
    environment = forms.ChoiceField(label="Up to this environment", choices=Environment.choices)
    data_class = forms.ChoiceField(
        label="Up to this data",
        choices=[choice for choice in DataClass.choices if choice[0] not in PRIVATE_DATA],
        help_text="Personal and more sensitive data is never granted automatically.",
    )
    longest_days = forms.IntegerField(
        label="At most for so many days", min_value=1, max_value=3_650, required=False, help_text="Empty: as long as the policy allows."
    )
    review_days = forms.IntegerField(
        label="Ask whether it is still needed after so many days", min_value=1, max_value=3_650, help_text="Without an answer the access ends."
    )


class QuestionForm(forms.Form):
    """One question of the owners; without a label it is left out."""

    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    label = forms.CharField(label="Question", required=False, max_length=200)
    kind = forms.ChoiceField(label="Answered by", choices=AnswerKind.choices, required=False)
    options = forms.CharField(
        label="To choose from", required=False, max_length=6_000, widget=forms.Textarea(attrs={"rows": 2}), help_text="One a line."
    )
    required = forms.BooleanField(label="Must be answered", required=False)

    def question(self) -> dict[str, Any] | None:
        """Return the question as the action takes it; nothing when it was left empty."""
        said = self.cleaned_data
        if not said["label"].strip():
            return None
        options = [line.strip() for line in said["options"].splitlines() if line.strip()]
        key = said["key"] or key_for(said["label"])
        return {"key": key, "label": said["label"].strip(), "kind": said["kind"] or AnswerKind.TEXT, "options": options, "required": said["required"]}


def key_for(label: str) -> str:
    """A key made of the words of a question."""
    words = slugify(label).replace("-", "_")[:30].strip("_")
    return words if words[:1].isalpha() else f"q_{words}".rstrip("_")


def question_forms(rule: AccessRule, data: Any = None) -> list[QuestionForm]:
    """A form for each question there is, and some empty ones."""
    known = questions_in(rule.questions)
    count = min(MOST_QUESTIONS, len(known) + BLANK_QUESTIONS)
    made = []
    for place in range(count):
        question = known[place] if place < len(known) else None
        start = {} if question is None else question.stored() | {"options": "\n".join(question.options)}
        made.append(QuestionForm(data, prefix=f"question{place}", initial=start))
    return made
