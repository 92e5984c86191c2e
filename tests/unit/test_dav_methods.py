"""Every method that is offered has its function, and there is no other way to one."""

from davserver.dav.bodies import METHODS
from davserver.dav.methods.options import ALLOW
from davserver.dav.requests import TABLE


def test_every_method_that_is_offered_is_in_the_table() -> None:
    assert {*TABLE, "OPTIONS"} == set(METHODS)
    assert set(ALLOW[1].split(", ")) == set(METHODS)


def test_each_has_a_function_of_its_own_name() -> None:
    assert {name: function.__name__.upper() for name, function in TABLE.items()} == {
        name: name for name in TABLE
    }
