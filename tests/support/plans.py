"""How PostgreSQL would do a statement, whatever its values are."""

import re
from collections.abc import Iterator
from typing import Any


def planned(cursor: Any, statement: str) -> Any:
    """The plan, as PostgreSQL tells it in JSON."""
    numbers = iter(range(statement.count("$") + 1, 1000))
    asked = re.sub(r"%\(\w+\)s", lambda _: f"${next(numbers)}", statement).replace("%%", "%")
    cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    cursor.execute(f"PREPARE asked AS {asked}")
    given = len(set(re.findall(r"\$\d+", asked)))
    nothing = f"({', '.join(['NULL'] * given)})" if given else ""
    cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE asked{nothing}")
    ((plan,),) = cursor.fetchall()
    cursor.execute("DEALLOCATE asked")
    return plan[0]["Plan"]


def steps_of(plan: Any) -> Iterator[Any]:
    """It, and each of which it is made."""
    yield plan
    for one in plan.get("Plans", []):
        yield from steps_of(one)
