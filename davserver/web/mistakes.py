"""Mistakes in policy files, as the pages say them: the files' own reader says them in English, with
every word (`policies.problems`). One table, complete by test.
"""

import re

from davserver.gate.policy.rulebook import Code
from davserver.web.marked import N_
from davserver.web.texts import Texts

_ONE = re.compile(
    r"(?P<place>\S+): (?P<code>P\d{3}) (?P<says>.*?)(?: Did you mean “(?P<near>[^”]*)”\?)?"
)
_WORD = re.compile("“([^”]*)”")
_NEAR = N_("Did you mean “%(word)s”?")

_FAILED = (
    r"(?P<place>\S+): “(?P<name>.*)” expects (?P<expected>.*); (?P<failed>\d+) of "
    r"(?P<asked>\d+) questions differ, the first: (?P<got>.*)\."
)
_BROKEN = r"promise (?P<name>\S+) is broken: .*"
_COVERED = (
    r"the cases show (?P<shown>\d+ %) of the rules at work; "
    r"policy\.coverage asks for (?P<asked>\d+ %)"
)
_OTHERS: dict[str, str] = {
    _FAILED: N_(
        "%(place)s: the case “%(name)s” expects %(expected)s; %(failed)s of %(asked)s questions "
        "come out otherwise, the first: %(got)s."
    ),
    _BROKEN: N_("A promise of Abri is broken: %(name)s."),
    _COVERED: N_(
        "The cases show %(shown)s of the rules at work; policy.coverage asks for %(asked)s."
    ),
}
"""What else keeps a set out of force: how it is said, and the sentence of the catalogue."""

MISTAKES: dict[Code, str] = {
    Code.FILE_MISSING: N_("A file is missing. Put it back."),
    Code.FILE_UNREADABLE: N_("The file or the folder cannot be read, or is too large."),
    Code.FILE_UNEXPECTED: N_("A file of this name means nothing here. Rename or remove it."),
    Code.NOT_UTF8: N_("The file is not UTF-8 text. Save it as UTF-8."),
    Code.BYTE_ORDER_MARK: N_(
        "The file starts with a byte order mark. Save it as UTF-8 without it."
    ),
    Code.CONTROL_CHARACTER: N_("A tab or another control character. Use spaces."),
    Code.ODD_SPACE: N_("A space that is no ordinary one, or an invisible character."),
    Code.QUOTE: N_("Quotes. Remove them."),
    Code.TRAILING_COMMENT: N_("A comment at the end of a line. Put it on a line of its own."),
    Code.SEMICOLONS: N_("Semicolons between fields. Use commas."),
    Code.MODEL_CHANGED: N_("model.conf was changed. Put the file of the release back."),
    Code.LINE_TOO_LONG: N_("The line is too long: mostly lines that were joined by accident."),
    Code.TOO_MANY_PROBLEMS: N_("Too many mistakes in one file: the rest was not looked at."),
    Code.UNKNOWN_KEY: N_("A rule starts with p."),
    Code.FIELD_COUNT: N_("The line has too few or too many fields."),
    Code.EMPTY_FIELD: N_("A field is empty. Write * for any."),
    Code.UNKNOWN_EFFECT: N_("The effect is neither allow nor deny."),
    Code.UNKNOWN_WORD: N_("A word that its column does not know."),
    Code.BAD_ID: N_("The rule has no id, or one that cannot be one."),
    Code.DUPLICATE_ID: N_("Two rules have the same id."),
    Code.SAME_RULE: N_("Two rules say the same."),
    Code.LIST_DEPENDS: N_(
        "A rule covers list and depends on sign-in, network or hour. Write one rule for list "
        "and one for the rest."
    ),
    Code.TOO_MANY_RULES: N_("There are many rules: decisions become slow. Use groups."),
    Code.NOTHING_ALLOWED: N_("No rule allows anything: nobody gets in."),
    Code.NEVER_HONOURED: N_("An allow that no file can give."),
    Code.DENY_STRENGTH: N_("A deny with a strength refuses the stronger sign-ins too."),
    Code.WIDENS_SHARING_ON: N_(
        "An allow by which people could share on what was not given to them by name, "
        "sensitive documents, or with the password of a device."
    ),
    Code.UNKNOWN_GROUP_KIND: N_("The first field of a group line is no kind of group."),
    Code.UNKNOWN_MEMBER: N_("The member of a group is no word of its kind."),
    Code.DUPLICATE_MEMBER: N_("The same member stands twice in one group."),
    Code.GROUP_CYCLE: N_("Groups contain each other, or a group contains itself."),
    Code.GROUP_TOO_DEEP: N_("Groups are too deep."),
    Code.BAD_GROUP_NAME: N_("A name that cannot name a group."),
    Code.GROUP_UNUSED: N_("A group that no rule uses: most often a slip in its name."),
    Code.CATEGORY_CLASS: N_("A category is in neither or in both of ordinary and sensitive."),
    Code.STRENGTH_ORDER: N_("A weaker sign-in is put above a stronger one."),
    Code.STRUCTURE_KIND: N_("A structure has no kind, or several."),
    Code.BAD_NETWORK: N_("Not a network. Write 192.0.2.0/24, or 192.0.2.7/32 for one address."),
    Code.HOST_BITS: N_("No network begins at this address with this prefix length."),
    Code.DUPLICATE_NETWORK: N_("The same network stands twice."),
    Code.UNKNOWN_ZONE: N_("No such zone."),
    Code.NETWORK_TOO_WIDE: N_("The network is too wide to be an office or a vpn."),
    Code.MAPPED_NETWORK: N_("A network of IPv4 addresses written as IPv6. Write it as IPv4."),
    Code.NETWORK_CHANGES_NOTHING: N_(
        "The network lies in another one of the same zone: the line changes nothing."
    ),
    Code.BAD_SLOT_NAME: N_("The name of a slot is not a word, or has a meaning of its own."),
    Code.BAD_DAYS: N_("Not a day, or days that run backwards."),
    Code.BAD_TIME: N_("Not a time of day."),
    Code.IMPOSSIBLE_SLOT: N_("From and to are not on one day. Over midnight, write two lines."),
    Code.OVERLAPPING_SLOTS: N_("Two slots hold at the same time."),
    Code.BAD_TIME_ZONE: N_("Not a time zone, or a second time-zone line."),
    Code.BAD_TERRITORY: N_("Not a territory, or one that needs the slug of a structure behind it."),
    Code.SAME_HOLIDAYS: N_("Public holidays are said twice."),
    Code.NEVER_HOLDS: N_(
        "A slot for holidays, but the file has no public holidays: it would never hold."
    ),
    Code.BAD_DATE: N_("Not a date, or one too far away. Write 2026-12-24."),
    Code.IMPOSSIBLE_CLOSING: N_("Days of closing that run backwards, or for more than a year."),
    Code.CLOSED_ALREADY: N_("Days that other lines close already."),
    Code.BAD_SLUG: N_("Not the short name (slug) of a structure."),
    Code.NOT_TOML: N_(
        "The file is not TOML. Mostly a word without quotes, or with quotes of a text processor."
    ),
    Code.UNKNOWN_CASE_KEY: N_("Something that a case cannot say."),
    Code.MISSING_CASE_KEY: N_("A case without its name, role, relation, action or expectation."),
    Code.BAD_CASE_VALUE: N_(
        "A number or a list where a text belongs, an empty text or list, or one pair of "
        "brackets instead of two around case."
    ),
    Code.UNKNOWN_CASE_WORD: N_("A word that this key of a case does not know."),
    Code.DUPLICATE_CASE: N_("Two cases have the same name."),
    Code.CLASHING_KEYS: N_("Two keys of a case that exclude each other."),
    Code.BAD_CASE_MOMENT: N_(
        "Not an address, not a moment, or one that the clocks show twice or never."
    ),
    Code.NO_CASE: N_("A file without a case."),
    Code.CASE_TOO_WIDE: N_("A case that stands for too many questions. Name fewer words."),
    Code.UNSIGNED: N_("Changes must be signed, and there is no policy.sig."),
    Code.SIGNATURE_UNREADABLE: N_("policy.sig is not as abri policy sign writes it. Sign again."),
    Code.SIGNER_UNKNOWN: N_("The key that signed is none of those in policy.signers."),
    Code.SIGNATURE_WRONG: N_(
        "The signature does not fit the files. Look at them, then sign again."
    ),
    Code.SIGNED_EARLIER: N_(
        "The files were signed before a set that came into force. Sign again if you mean it."
    ),
    Code.SIGNED_AHEAD: N_("The signature is of the future: a clock is wrong."),
    Code.BAD_DIRECTORY: N_("Not a name that a directory can have in config.yaml."),
    Code.UNKNOWN_ROLE: N_("A role that no directory gives."),
    Code.BAD_PLACE: N_("An administrator with a structure, or somebody else with none."),
    Code.BAD_GROUP: N_("Neither a DN nor the id of an entry."),
    Code.DUPLICATE_PLACE: N_("Two lines say the same."),
    Code.TWO_ROLES: N_("A group that gives two roles."),
}


_CODES = frozenset(one.value for one in Code)


def in_words(line: str, texts: Texts) -> str:
    """A line of `Examined.problems`, at the same place and with the same code; of its words, those
    that stand in quotes. In English as it is.
    """
    if texts.language == "en":
        return line
    found = _ONE.fullmatch(line)
    if found is not None and found["code"] in _CODES:
        words = " ".join(f"“{word}”" for word in dict.fromkeys(_WORD.findall(found["says"])))
        near = texts.gettext(_NEAR, word=found["near"]) if found["near"] else ""
        said = texts.gettext(MISTAKES[Code(found["code"])])
        return " ".join(filter(None, (f"{found['place']}: {found['code']}", said, words, near)))
    for pattern, sentence in _OTHERS.items():
        found = re.fullmatch(pattern, line)
        if found is not None:
            return texts.gettext(sentence, **found.groupdict())
    return line
