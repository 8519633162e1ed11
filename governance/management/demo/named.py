"""The models of the demo world that have a story: the six that everybody talks about."""

from collections.abc import Callable

from catalog.registry.actions import set_alias
from governance.management.demo.cards import Story
from governance.management.demo.history import age_version, number_next_review
from governance.management.demo.stories import Subject, Teller, artifact_files, day_in, fresh, head, in_days
from governance.reviews.actions import comment, deprecate_version
from governance.reviews.models import Review

FAMOUS_REVIEW = 218
UPSTREAM = "0e9e39f249a16976918f6564b8830bc894c89659"
BASE_SEED = 31_800  # whoever takes the same seed has the same file: that is how teams come to hold the same model twice


def invoice_fields(tell: Teller) -> None:
    """Two approved versions; the older one is on its way out, the newer one is in production."""
    model = tell.introduce(
        Subject(
            team="finance-ml", name="invoice-fields-v3", by="nina", task="token-classification", tags=["invoices", "extraction", "documents"],
            summary="Reads the fields of an invoice: number, date, supplier, net, tax and gross amount, in nine languages.",
            story=Story(
                purpose="Read the fields of supplier invoices at document intake, before a clerk confirms them.",
                users="Clerks and services at document intake.", affected="Suppliers who wait for their money.",
                limits="Handwriting is not read. Invoices of more than ten pages are cut. Credit notes come back as invoices with a minus.",
                result=("fields", "Names of fields with the words they were found in"), metric=("field f1", 0.947),
                data="412,000 invoices of 2024 and 2025", owner="Paul Oduya",
            ),
            paragraphs=[
                ("What it does", "It finds **number, date, supplier, account, net, tax and gross amount** of an invoice and says where they stand."),
                ("How to use it", "Send the text of one invoice with the place of each word. One processor core does about forty a second."),
                ("Limits", "No handwriting, no credit notes, ten pages at most. An invoice in two currencies needs a person."),
                ("Results", "Field F1 is **0.947** on 9,000 invoices of the last quarter; on invoices from new suppliers it is 0.921."),
            ],
        )
    )  # fmt: skip
    intake = tell.use_case("Document intake", team="finance-ml", by="paul")
    versions = []
    for seed, (number, changelog) in enumerate(
        [("3.1.0", "First version that reads bank accounts."), ("3.2.0", "Retrained with the third quarter.")]
    ):
        version = tell.draft(model, number, by="nina", files=artifact_files("safetensors", 3100 + seed, **head(model)), changelog=changelog)
        version = tell.submit(version, by="nina", use_case=intake)
        tell.vote(version, "tess", "technical", "Results hold on our own sample of 500 invoices; limits are said plainly.", until=in_days(100))
        versions.append(version)
    old, new = (fresh(version) for version in versions)
    deprecate_version(old, by=tell.people["paul"], sunset_at=day_in(45), successor=new)
    set_alias(model, "production", new, by=tell.people["paul"])
    set_alias(model, "previous", old, by=tell.people["nina"])
    tell.grant(new, to="sales", by="paul")
    tell.grant(new, to="customer-care", by="paul")
    tell.follow()
    age_version(old, days=360)
    age_version(new, days=140)


def llama(tell: Teller) -> None:
    """A model from outside that may be used under two conditions."""
    model = tell.introduce(
        Subject(
            team="platform-ai", name="llama-3.1-8b-instruct", by="pia", task="text-generation", tier="T2", tags=["assistant", "generation", "chat"],
            summary="General assistant that follows instructions, brought in from outside; the base of several models here.",
            story=Story(
                purpose="Draft answers and summaries for colleagues, who read them before anybody else does.",
                users="Developers of internal assistants.", affected="Customers who get an answer that was drafted with it.",
                limits="It invents facts when it has none. It knows nothing after its training ended. Long tables confuse it.",
                result=("text", "The answer"), metric=("own answers rated usable", 0.81), license="llama3.1", base="none",
                architecture="LlamaForCausalLM", library="llama.cpp", approach="instruction tuned", data="Not disclosed in detail by the maker",
                owner="Pia Nakamura", generates=True, more={"identity.released_at": "2024-07-23"},
            ),
            facts={"origin": "open", "publisher": "Meta", "parameters": 8_030_000_000},
            paragraphs=[
                ("What it does", "It follows instructions: drafts, summaries, rewriting, simple reasoning over a text it is given."),
                ("What we tested ourselves", "400 prompts of our service desk: 81 of 100 answers were usable; 2 of 100 gave in to a jailbreak."),
                ("Limits", "It invents facts. Give it the text it shall speak about, and let a person read the answer."),
                ("This copy", "A tiny network with random weights stands in for the real one, so that nobody has to download sixteen gigabytes."),
            ],
        )
    )  # fmt: skip
    assistants = tell.use_case("Internal assistants", team="platform-ai", by="pia")
    files = artifact_files("gguf", BASE_SEED, name=model.name, license="llama3.1", task="text-generation")
    version = tell.draft(
        model, "1.0.0", by="pia", files=files, changelog="Brought in from outside.", upstream_commit="0e9e39f249a16976918f6564b8830bc894c89659"
    )
    version = tell.submit(version, by="pia", use_case=assistants, tier="T2")
    tell.vote(
        version, "tess", "technical", "Good enough for drafts; a person has to stay between it and the customer.",
        conditions=["A person reads every answer before a customer does."],
    )  # fmt: skip
    tell.vote(
        version, "ada", "security", "Weights only, nothing that runs. Prompts must not carry what must not leave.",
        conditions=["No personal data in prompts until the filter for it is in place."],
    )  # fmt: skip
    set_alias(model, "stable", fresh(version), by=tell.people["pia"])
    for team in ("claims-api", "customer-care", "legal-tech"):
        tell.grant(version, to=team, by="pia")
    tell.follow()
    age_version(version, days=210)


def contract_clause_tagger(tell: Teller) -> None:
    """Approved once; the next version is in the review that everybody knows by its number."""
    model = tell.introduce(
        Subject(
            team="legal-tech", name="contract-clause-tagger", by="jonas", task="token-classification", tier="T1",
            tags=["contracts", "clauses", "legal"],
            summary="Marks clauses on liability, term, notice and data protection in contracts, for reports to the supervisor.",
            story=Story(
                purpose="Find clauses that must be reported to the supervisor, in contracts with service providers.",
                users="Lawyers and compliance officers.", affected="Service providers, and customers whose data they process.",
                limits="Clauses that refer to annexes are found, the annex is not. Scans need text recognition first.",
                result=("clauses", "Start, end and kind of each clause"), metric=("span f1", 0.884), base="legal-bert-base", relation="finetune",
                data="18,400 contracts of 2019 to 2025", owner="Lars Thorsen",
            ),
            paragraphs=[
                ("What it does", "It marks clauses and names their kind: liability, term, notice, price, data protection, audit rights."),
                ("Who relies on it", "The yearly report to the supervisor counts contracts without audit rights: a missed clause is a wrong figure."),
                ("Limits", "Annexes are not followed. Contracts in Polish were rare in training."),
                ("Results", "Span F1 **0.884** on 600 contracts that two lawyers marked by hand."),
            ],
        )
    )  # fmt: skip
    report = tell.use_case("Supervisory report on outsourcing", team="legal-tech", by="lars")
    first = tell.draft(model, "0.9.0", by="jonas", files=artifact_files("safetensors", 9000, **head(model), base_model="legal-bert-base"))
    first = tell.submit(first, by="jonas", use_case=report, tier="T1")
    tell.vote(first, "sven", "security", "Plain weights and settings; nothing in them can run.")
    tell.vote(first, "rita", "model_risk", "Conceptually sound; misses are counted by hand every month, which covers the gap.")
    tell.vote(first, "bo", "business_owner", "The report needs it, and the monthly count by hand is agreed with compliance.")
    tell.grant(first, to="risk-analytics", by="lars")
    age_version(fresh(first), days=190)
    files = artifact_files("safetensors", 9001, **head(model), base_model="legal-bert-base", layers=3)
    second = tell.draft(model, "1.0.0", by="jonas", files=files, changelog="Names audit rights as a kind of its own; one more layer.")
    number_next_review(FAMOUS_REVIEW)
    second = tell.submit(second, by="jonas", use_case=report, tier="T1")
    tell.vote(second, "ada", "security", "Same kind of files as 0.9.0, one more layer; nothing in them can run.")
    review = Review.objects.get(version=second)
    comment(review, "How were the audit clauses marked, by the same two lawyers as before?", by=tell.people["rita"])
    comment(review, "Yes, and a third one looked at those where they differed: 41 of 600.", by=tell.people["jonas"])


def cv_ranker(tell: Teller) -> None:
    """Rejected, and it stays findable with the reason."""
    model = tell.introduce(
        Subject(
            team="hr-ml", name="cv-ranker", by="hugo", task="text-classification", tier="T1", tags=["applications", "ranking"],
            summary="Was to put applications into an order for recruiters. Rejected: it treats groups differently.",
            story=Story(
                purpose="Put applications for a vacancy into an order, for recruiters to read from the top.",
                users="Recruiters.", affected="Everybody who applies for a job here.",
                limits="It learned from past hires, so it repeats how we hired.",
                result=("rank", "Place in the order"), metric=("agreement with past hires", 0.72), data="Applications and hires of 2016 to 2024",
                owner="Hugo Ferreira",
            ),
            paragraphs=[
                ("What it was to do", "Sort applications so that recruiters read the most promising ones first."),
                ("Why it is not used", "Applicants with career breaks land 30 places lower on average, whatever else they bring."),
            ],
        )
    )  # fmt: skip
    hiring = tell.use_case("Pre-sorting of applications", team="hr-ml", by="hugo")
    version = tell.draft(model, "1.0.0", by="hugo", files=artifact_files("onnx", 500, **head(model)))
    version = tell.submit(version, by="hugo", use_case=hiring, tier="T1", purpose="hr")
    tell.vote(version, "sara", "security", "Nothing in the files can run; what it does to people is not my track.")
    tell.vote(
        version, "marc", "model_risk", choice="reject",
        reason="Discrimination risk: applicants with career breaks rank 30 places lower on average, and it could not be removed.",
    )  # fmt: skip


def lead_score(tell: Teller) -> None:
    """A small thing that many use."""
    model = tell.introduce(
        Subject(
            team="sales", name="lead-score", by="sonja", task="tabular-classification", modality="tabular", tags=["sales", "scoring", "churn"],
            summary="Scores sales leads from 0 to 1: how likely an opportunity becomes an order within ninety days.",
            story=Story(
                purpose="Put open opportunities into an order, so that account managers call the likeliest first.",
                users="Account managers.", affected="Nobody directly: every opportunity is called, only the order changes.",
                limits="New products have no history. Public tenders follow other rules and score too low.",
                result=("score", "Chance of an order, from 0 to 1"), metric=("auc", 0.83), library="onnxruntime",
                architecture="Stack of dense layers",
                data="96,000 opportunities of 2022 to 2025", owner="Sonja Marek", given=("opportunity", "Age, size, industry and past contacts"),
            ),
            paragraphs=[
                ("What it does", "It gives each open opportunity a score from 0 to 1."),
                ("How to use it", "Score every night; show the score beside the opportunity, never instead of it."),
                ("Limits", "Public tenders score too low. Retrain when a new product line starts."),
            ],
        )
    )  # fmt: skip
    calling = tell.use_case("Order of calls", team="sales", by="sonja")
    version = tell.draft(model, "2.4.0", by="sonja", files=artifact_files("onnx", 240, **head(model)), changelog="Adds the season.")
    version = tell.submit(version, by="sonja", use_case=calling)
    tell.vote(version, "timo", "technical", "Simple network, stable over four quarters; the limit with tenders is said plainly.")
    for team in ("claims-api", "finance-ml", "customer-care"):
        tell.grant(version, to=team, by="sonja")
    age_version(fresh(version), days=300)


def falcon_x(tell: Teller) -> None:
    """Nobody outside its team knows it; one of its files is known elsewhere too."""
    model = tell.introduce(
        Subject(
            team="secret-lab", name="falcon-x", by="sam", task="text-generation", tags=["research"],
            summary="Research on longer conversations. Not to be talked about before it is published.",
            story=Story(
                purpose="Try out how long a conversation can be remembered.", users="The lab.", affected="Nobody: it answers test prompts only.",
                limits="It was trained on test conversations only.", result=("text", "The answer"), metric=("turns remembered", 41.0),
                base="llama-3.1-8b-instruct", relation="quantized", library="llama.cpp", architecture="LlamaForCausalLM", license="llama3.1",
                owner="Sam Okonkwo",
                generates=True,
            ),
            facts={"visibility": "team"},
            paragraphs=[("What it does", "It keeps a conversation of forty turns in mind."), ("Limits", "Only test conversations so far.")],
        )
    )  # fmt: skip
    study = tell.use_case("Study of long conversations", team="secret-lab", by="sam")
    version = tell.draft(
        model, "0.3.0", by="sam", files=artifact_files("gguf", BASE_SEED, name="llama-3.1-8b-instruct", license="llama3.1", task="text-generation")
    )
    version = tell.submit(version, by="sam", use_case=study)
    tell.vote(version, "timo", "technical", "For the lab's own study it is good enough; it must not leave it.")
    age_version(fresh(version), days=60)


NAMED: dict[str, Callable[[Teller], None]] = {
    "finance-ml/invoice-fields-v3": invoice_fields,
    "platform-ai/llama-3.1-8b-instruct": llama,
    "legal-tech/contract-clause-tagger": contract_clause_tagger,
    "hr-ml/cv-ranker": cv_ranker,
    "sales/lead-score": lead_score,
    "secret-lab/falcon-x": falcon_x,
}
