"""How strong a sign-in is: every kind of credential has a strength, and a stronger one is enough
wherever a weaker one is asked for.
"""

from itertools import product

import pytest

from authn.credentials import CredentialKind
from authn.principals import STRENGTH
from davserver.domain.actions import Strength
from davserver.domain.decisions import Denial, Permit
from davserver.domain.errors import Reason
from davserver.domain.remedies import Remedy
from policies.decider import Judge
from tests.policy.question import NOW, named, with_files

WEAKEST_FIRST = ["app-password", "password", "mfa", "cert"]
RULES = """
p, see,  allow, professional, grantee, list, *, *, *, *, *
p, open, allow, professional, grantee, get,  *, *, *, {}, *
"""


def decided(asked: Strength, shown: Strength) -> Permit | Denial:
    question = named(auth=shown)
    judge = Judge(with_files(rules=RULES.format(asked.value)))
    return judge.decide(question.who, question.action, question.target, NOW)


def test_the_words_are_in_order():
    assert [one.value for one in Strength] == WEAKEST_FIRST


@pytest.mark.parametrize(("asked", "shown"), list(product(Strength, Strength)))
def test_a_rule_asks_for_a_strength_or_any_stronger(asked, shown):
    decision = decided(asked, shown)
    enough = WEAKEST_FIRST.index(shown.value) >= WEAKEST_FIRST.index(asked.value)
    assert isinstance(decision, Permit) is enough
    if isinstance(decision, Denial):
        assert decision.reason is Reason.AUTH_TOO_WEAK
        assert decision.remedy == Remedy(strength=asked)


def test_every_kind_of_credential_has_its_strength():
    assert STRENGTH == {
        CredentialKind.APP_PASSWORD: Strength.APP_PASSWORD,
        CredentialKind.PASSWORD: Strength.PASSWORD,
        CredentialKind.DIRECTORY: Strength.PASSWORD,
        CredentialKind.CERTIFICATE: Strength.CERT,
    }
    assert set(STRENGTH) == set(CredentialKind)
