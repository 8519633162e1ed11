"""The page on which the owners of a model say how access to it is given."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from catalog.registry.queries import model_named
from governance.access.actions import set_access_rule
from governance.access.forms import RuleForm, question_forms
from governance.access.permissions import require_owner
from governance.access.queries import rule_of, terms_in_effect
from marketplace.accounts.models import User
from marketplace.errors import Invalid
from marketplace.web.pages import notice, page, see_other


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def access_rule(request: HttpRequest, team: str, name: str) -> HttpResponse:
    """Show and change the rule of a model; owners only."""
    model = model_named(request.user, team, name)
    require_owner(cast("User", request.user), model)
    rule, data = rule_of(model), request.POST if request.method == "POST" else None
    start = {field: getattr(rule, field) for field in ("is_automatic", "environment", "data_class", "longest_days", "review_days")}
    form, questions = RuleForm(data, initial=start), question_forms(rule, data)
    if data is not None and form.is_valid() and all([question.is_valid() for question in questions]):
        asked = [question for form_ in questions if (question := form_.question()) is not None]
        try:
            set_access_rule(model, by=cast("User", request.user), questions=asked, **form.cleaned_data)
        except Invalid as error:
            for field, sentences in error.fields.items():
                form.add_error(field if field in form.fields else None, sentences)
        else:
            notice(request, "The rule holds from now on.")
            return see_other(f"/m/{model}/settings/access", request)
    wrong = form.errors or any(question.errors for question in questions)
    context = {"model": model, "form": form, "questions": questions, "terms": terms_in_effect()}
    return page(request, "governance/access/rule.html", context, status=422 if data is not None and wrong else 200)
