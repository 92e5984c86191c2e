"""For whom a page is."""

from davserver.domain.people import Role

Audience = frozenset[Role]
EVERYBODY: Audience = frozenset(Role)
OWNERS: Audience = frozenset({Role.BENEFICIARY})
STAFF: Audience = frozenset({Role.PROFESSIONAL})
MANAGERS: Audience = frozenset({Role.MANAGER})
ADMINISTRATORS: Audience = frozenset({Role.ADMINISTRATOR})
IN_STRUCTURES: Audience = frozenset({Role.PROFESSIONAL, Role.MANAGER})
WITH_DRIVE: Audience = frozenset({Role.BENEFICIARY, Role.PROFESSIONAL})
