"""Whether what an operator gives in somebody's name waits for that person (`operator.grants`)."""

from davserver.domain.people import Principal
from davserver.gate.tools import Tools


def asks_owner(tools: Tools, who: Principal) -> bool:
    """What ends or shortens never waits: nobody has more by it."""
    return who.operator is not None and tools.limits.grants_need_owner
