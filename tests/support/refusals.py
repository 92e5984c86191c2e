"""Why something is refused."""

from collections.abc import Callable

import pytest

from davserver.domain.errors import Reason, Refused


def reason_of(act: Callable[[], object]) -> Reason:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.reason
