"""`abri person`: accounts."""

from datetime import datetime
from typing import Annotated, Any

import typer

from admin import app_passwords
from admin.directory_people import (
    directory_cells,
    directory_plain,
    enabled_line,
    membership_line,
    membership_plain,
    password_line,
)
from admin.instants import parse_end
from admin.new_password import chosen_password, make_password
from admin.output import AsJson, local, say, show_json, show_table
from admin.session import opened
from admin.speaking import _, headings
from admin.words import word
from davserver.domain.languages import language_named
from davserver.domain.people import Person, Role
from davserver.gate.people.accounts import PersonView
from davserver.gate.people.people import PersonToAdd

app = typer.Typer(help="People: their accounts, never their documents.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="The name they sign in with.")]
PasswordStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Take the password from the first line of input."),
]


@app.command()
def add(  # noqa: PLR0913 — each is an option
    context: typer.Context,
    login: Login,
    role: Annotated[Role, typer.Option(help="What they do here.")],
    name: Annotated[str, typer.Option(help="Their name, as people know them.")],
    structure: Annotated[
        list[str] | None,
        typer.Option(help="Slug of a structure they work in; may be given several times."),
    ] = None,
    template: Annotated[
        str, typer.Option(help="Folders of a beneficiary's new vault: fr, en or none.")
    ] = "fr",
    *,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Add a person. A beneficiary gets a vault with the folders of the template.

    Without --password-stdin the password is asked for; where nobody can be asked, or nothing is
    typed, one is made and shown once.
    """
    language = language_named(template)
    chosen = chosen_password(from_stdin=password_stdin)
    password = chosen or make_password()
    new = PersonToAdd(login, role, name, tuple(structure or ()), template, password, language)
    with opened(context) as session:
        made = session.services.people.add_person(session.who, new, session.now)
    shown = {} if chosen else {"password": password}
    if as_json:
        show_json(_plain(made) | shown)
    else:
        say(
            _(
                "Added %(login)s: %(name)s (%(role)s).",
                login=made.login,
                name=made.name,
                role=word(made.role),
            )
        )
        _say_made(chosen, password)


@app.command("list")
def show_all(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Everybody, by login."""
    with opened(context) as session:
        people = session.services.people
        found = people.people(session.who, session.now)
        accounts = people.accounts(session.who, session.now)
    if as_json:
        show_json([_plain(one) | directory_plain(accounts.get(one.id)) for one in found])
    else:
        show_table(
            headings("login", "name", "role", "state", "directory", "says", "confirmed"),
            [(*_cells(one), *directory_cells(accounts.get(one.id))) for one in found],
            _("There is nobody yet: abri person add"),
        )


@app.command()
def show(context: typer.Context, login: Login, *, as_json: AsJson = False) -> None:
    """One account: memberships, app passwords and client certificates, no document."""
    with opened(context) as session:
        view = session.services.people.show(session.who, login, session.now)
        now = session.now
    if as_json:
        show_json(_view(view, now))
        return
    one = view.person
    say(f"{one.login}{_(': ')}{one.name}, {word(one.role)}, {word(one.state)}")
    say(_("vault: %(id)s", id=view.vault.hex() if view.vault else _("none")))
    say(password_line(view))
    for membership in view.memberships:
        say(membership_line(membership, view.account))
    for row in view.app_passwords:
        say(_("app password %(id)s: %(label)s", id=row.id.hex(), label=row.label))
    for row in view.certificates:
        say(_("client certificate %(id)s: %(label)s", id=row.id.hex(), label=row.label))


@app.command()
def disable(context: typer.Context, login: Login) -> None:
    """Keep somebody out from their next request on. Nothing of theirs is lost."""
    with opened(context) as session:
        one = session.services.people.disable(session.who, login, session.now)
    say(
        _("%(login)s is out. Let them in again with: abri person enable %(login)s", login=one.login)
    )


@app.command()
def enable(context: typer.Context, login: Login) -> None:
    """Let somebody in again, with everything as it was; somebody of a directory as far as that lets
    them in.
    """
    with opened(context) as session:
        people = session.services.people
        one = people.enable(session.who, login, session.now)
        account = people.show(session.who, login, session.now).account
    say(enabled_line(one, account))


@app.command()
def password(
    context: typer.Context,
    login: Login,
    *,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Give somebody another password. Their app passwords stay."""
    chosen = chosen_password(from_stdin=password_stdin)
    new = chosen or make_password()
    with opened(context) as session:
        session.services.people.set_password(session.who, login, new, session.now)
    if as_json:
        show_json({"login": login} | ({} if chosen else {"password": new}))
    else:
        say(_("%(login)s has another password.", login=login))
        _say_made(chosen, new)


@app.command()
def join(context: typer.Context, login: Login, slug: str) -> None:
    """Give somebody a place in a structure."""
    with opened(context) as session:
        session.services.people.add_membership(session.who, login, slug, session.now)
    say(_("%(login)s works in %(slug)s.", login=login, slug=slug))


@app.command()
def leave(
    context: typer.Context,
    login: Login,
    structure: Annotated[str, typer.Option(metavar="SLUG", help="Which structure they leave.")],
    on: Annotated[
        str | None,
        typer.Option(help="When; a date alone means the end of that day. Now if left out."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """End somebody's place in a structure. What was granted to the structure goes on for the
    others; what was granted to them by name stays until its owner ends it.
    """
    moment = parse_end("--on", on)
    with opened(context) as session:
        done = session.services.people.end_membership(
            session.who, login, structure, session.now, on=moment
        )
    if as_json:
        show_json({"ends": done.ends, "grants_lost": done.lost, "personal_grants": done.personal})
        return
    left = (
        _("has left %(slug)s", slug=structure)
        if moment is None
        else _("leaves %(slug)s", slug=structure)
    )
    say(f"{login} {left}{_(': ')}{local(done.ends)}.")
    say(_("Grants to the structure that they lose: %(lost)s", lost=done.lost))
    if done.personal:
        say(
            _(
                "Grants to them by name from its beneficiaries: %(personal)s. They stay until "
                "their owners end them: abri grant list",
                personal=done.personal,
            )
        )


def _say_made(chosen: str | None, password: str) -> None:
    if chosen is None:
        say(_("Password, shown only now: %(password)s", password=password))


def _cells(one: Person) -> tuple[str, ...]:
    return one.login, one.name, word(one.role), word(one.state)


def _plain(one: Person) -> dict[str, Any]:
    return {
        "id": one.id.hex(),
        "login": one.login,
        "name": one.name,
        "role": one.role.value,
        "state": one.state.value,
        "language": one.language,
    }


def _view(view: PersonView, now: datetime) -> dict[str, Any]:
    return _plain(view.person) | {
        "vault": view.vault.hex() if view.vault else None,
        "has_password": view.has_password,
        **directory_plain(view.account),
        "memberships": [membership_plain(one, view.account) for one in view.memberships],
        "app_passwords": [app_passwords.plain(one, now) for one in view.app_passwords],
        "client_certificates": [app_passwords.plain(one, now) for one in view.certificates],
    }
