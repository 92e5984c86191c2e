"""`abri policy replay`: what a candidate would have said to what the decision log holds."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from admin.exits import Exit
from admin.instants import parse_since
from admin.output import AsJson, local, say, show_json, warn
from admin.progress import progress
from admin.session import opened
from admin.speaking import NN_, _, ngettext
from davserver.domain.errors import BadInput
from davserver.wiring.naming import rules_named
from davserver.wiring.policy import Snapshot
from davserver.wiring.replaying import Difference, Replayed, Said, Times, replay_log

_DIGEST = 12


def replay(
    context: typer.Context,
    new: Annotated[
        str,
        typer.Argument(metavar="NEW", help="A folder, a generation's number, or `active`."),
    ],
    since: Annotated[
        str, typer.Option(metavar="SPAN|ISO8601", help="From when on: 30d, 12h, or a moment.")
    ] = "30d",
    folders: Annotated[
        list[Path] | None,
        typer.Option("--log", metavar="DIR", help="Another log, or several (of each machine)."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Ask other rules what the decision log holds: what would have been refused, what allowed.
    The exit code is 7 when anything would have come out otherwise.
    """
    with opened(context) as session, progress(_("Replaying decisions")) as tell:
        snapshot = rules_named(new, session.services.rulebook.snapshot)
        begin = parse_since(since, session.now)
        where = folders or _own(session.services.settings.policy.decisions)
        structures = session.services.people.structures(session.who, session.now)
        done = replay_log(where, snapshot, structures, begin, tell)
    if as_json:
        show_json(_plain(done, snapshot, begin))
    else:
        _tell(done, new, begin)
    if done.differs:
        raise typer.Exit(Exit.FINDINGS)


def _own(folder: Path | None) -> list[Path]:
    if folder is None:
        raise BadInput(
            "policy.decisions is none: no decision log is kept here; --log DIR reads one"
        )
    return [folder]


# ── for people ──────────────────────────────────────────────────────────────────────────────────


def _tell(done: Replayed, new: str, begin: datetime) -> None:
    seen = done.replay.seen
    if seen is None:
        say(_("The log holds no decision since %(begin)s.", begin=local(begin)))
    else:
        say(
            ngettext(
                "%(number)s decision from %(first)s to %(last)s, asked again of %(new)s.",
                "%(number)s decisions from %(first)s to %(last)s, asked again of %(new)s.",
                seen.count,
                first=local(seen.first),
                last=local(seen.last),
                new=new,
            )
        )
        _tell_those(done, _REFUSED, allowed=False)
        _tell_those(done, _ALLOWED, allowed=True)
        if not done.differs:
            say(_("Every one would have come out the same."))
    _tell_gaps(done)


_REFUSED = NN_("%(number)s decision would be refused:", "%(number)s decisions would be refused:")
_ALLOWED = NN_("%(number)s decision would be allowed:", "%(number)s decisions would be allowed:")


def _tell_those(done: Replayed, title: tuple[str, str], *, allowed: bool) -> None:
    those = _sorted(done, allowed=allowed)
    if not those:
        return
    say("\n" + ngettext(*title, sum(times.count for _one, times in those)))
    width = len(str(those[0][1].count))
    for one, times in those:
        say(f"  {times.count:>{width}}  {_question(one)}")
        came = _("then %(was)s, now %(now)s", was=_why(one.was), now=_why(one.now))
        say(f"  {'':{width}}  {_span(times)}{_('; ')}{came}")


def _question(one: Difference) -> str:
    asked = one.question
    where = f"{asked.structure}, {asked.zone}, {asked.auth}, {asked.slot}"
    if asked.relation == "none" and asked.action == "list":
        return _("%(role)s, the whole drive: %(where)s", role=asked.role, where=where)
    return f"{asked.role} {asked.relation}, {asked.action} {asked.category}: {where}"


def _span(times: Times) -> str:
    first, last = _minute(times.first), _minute(times.last)
    return first if first == last else _("%(first)s to %(last)s", first=first, last=last)


def _minute(at: datetime) -> str:
    """In this machine's zone, which the first line names."""
    return f"{at.astimezone():%Y-%m-%d %H:%M}"


def _why(said: Said) -> str:
    if said.allowed:
        return _("allowed by %(rule)s", rule=said.rule) if said.rule else _("allowed")
    return _("refused: %(reason)s", reason=said.reason) + (f" ({said.rule})" if said.rule else "")


def _tell_gaps(done: Replayed) -> None:
    replay = done.replay
    if replay.unasked:
        words = ", ".join(
            f"{column.value} “{word}” ({count})"
            for (column, word), count in replay.unknown.most_common()
        )
        say(
            "\n"
            + ngettext(
                "Not asked again: %(number)s decision, whose words these rules do not know: "
                "%(words)s.",
                "Not asked again: %(number)s decisions, whose words these rules do not know: "
                "%(words)s.",
                replay.unasked,
                words=words,
            )
        )
    if done.damage:
        warn(
            ngettext(
                "%(number)s damaged line is left out: %(place)s",
                "%(number)s damaged lines are left out, the first is %(place)s",
                done.damaged,
                place=f"{done.damage.file}:{done.damage.line}",
            )
        )
    if done.lost:
        warn(
            ngettext(
                "%(number)s line is missing: the log could not be written then",
                "%(number)s lines are missing: the log could not be written then",
                done.lost,
            )
        )
    zones = _("Zones are those of the day: addresses are not kept, so networks.csv is not tried.")
    say(f"\n{zones}")


def _sorted(done: Replayed, *, allowed: bool) -> list[tuple[Difference, Times]]:
    """The most frequent first."""
    those = ((one, t) for one, t in done.replay.differences.items() if one.now.allowed is allowed)
    return sorted(those, key=lambda pair: (-pair[1].count, pair[0].question))


# ── for scripts ─────────────────────────────────────────────────────────────────────────────────


def _plain(done: Replayed, snapshot: Snapshot, begin: datetime) -> dict[str, Any]:
    replay = done.replay
    seen = replay.seen
    return {
        "policy": snapshot.generation[:_DIGEST],
        "since": begin,
        "decisions": seen.count if seen else 0,
        "first": seen.first if seen else None,
        "last": seen.last if seen else None,
        "refused": [_group(*pair) for pair in _sorted(done, allowed=False)],
        "allowed": [_group(*pair) for pair in _sorted(done, allowed=True)],
        "not_asked": replay.unasked,
        "unknown": [
            {"column": column.value, "word": word, "count": count}
            for (column, word), count in replay.unknown.most_common()
        ],
        "damaged_lines": done.damaged,
        "lost_lines": done.lost,
    }


def _group(one: Difference, times: Times) -> dict[str, Any]:
    return {
        "count": times.count,
        "first": times.first,
        "last": times.last,
        "question": {key: str(word) for key, word in one.question._asdict().items()},
        "then": _said(one.was),
        "now": _said(one.now),
    }


def _said(said: Said) -> dict[str, Any]:
    return {"allowed": said.allowed, "reason": said.reason, "rule": said.rule}
