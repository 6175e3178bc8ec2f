"""People see the rows of their team and those private to them, and do in it what their role allows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from tests.conftest import as_actor, get_bundled, make_picture_file
from tests.factories import make_upload
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import store_upload
from vanceweb.teams.access import (
    PERMISSIONS,
    Action,
    Actor,
    administrator_required,
    filter_editable,
    filter_visible,
    find_home_actor,
    get_actor,
    get_actor_or_404,
    get_visible_or_404,
    require,
    require_editable,
    require_own,
    require_withdrawable,
    team_page,
)
from vanceweb.teams.models import Membership, Role, Scope, User
from vanceweb.vault.models import Connection

MISSING = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def picture(alice: User) -> Asset:
    """A picture of the team, made by Alice."""
    return store_upload(actor=as_actor(alice), file=make_picture_file(), name="alice.png")


@pytest.fixture
def pictures(picture: Asset, bob: User, charlie: User) -> list[Asset]:
    """Pictures named after their maker: Alice's, Bob's, nobody's, a private one of each, and one of another team."""
    alice = picture.created_by
    assert alice is not None
    stored = [picture]
    for name, maker, private in (("bob", bob, False), ("private alice", alice, True), ("private bob", bob, True),
                                 ("nobody", bob, False), ("charlie", charlie, False)):  # fmt: skip
        asset = store_upload(actor=as_actor(maker), file=make_picture_file(), name=f"{name}.png")
        asset.private_to = maker if private else None
        asset.created_by = None if name == "nobody" else maker
        asset.save()
        stored.append(asset)
    return stored


def as_bob(bob: User, role: Role) -> Actor:
    return Actor(bob, as_actor(bob).team, role)


def request_as(user: User | AnonymousUser, rf: RequestFactory) -> HttpRequest:
    request = rf.get("/")
    request.user = user
    return request


@pytest.mark.parametrize(
    ("action", "roles"),
    [
        (Action.SEE, [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]),
        (Action.MAKE, [Role.MEMBER, Role.ADMIN, Role.OWNER]),
        (Action.SPEND, [Role.MEMBER, Role.ADMIN, Role.OWNER]),
        (Action.EDIT_OWN, [Role.MEMBER, Role.ADMIN, Role.OWNER]),
        (Action.EDIT_ALL, [Role.ADMIN, Role.OWNER]),
        (Action.MANAGE_CONNECTIONS, [Role.ADMIN, Role.OWNER]),
        (Action.MANAGE_PEOPLE, [Role.ADMIN, Role.OWNER]),
        (Action.MANAGE_TEAM, [Role.OWNER]),
    ],
)
def test_each_role_may_do_what_the_table_says(action: Action, roles: list[Role], bob: User) -> None:
    for role in Role:
        actor = as_bob(bob, role)
        assert actor.can(action) is (role in roles)
        if role in roles:
            require(actor, action)
        else:
            with pytest.raises(PermissionDenied):
                require(actor, action)


def test_every_role_and_action_is_in_the_table() -> None:
    assert set(PERMISSIONS) == set(Role)
    assert PERMISSIONS[Role.OWNER] == set(Action)
    assert [role.rank for role in (Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("role", "grantable"),
    [
        (Role.VIEWER, []),
        (Role.MEMBER, []),
        (Role.ADMIN, [Role.VIEWER, Role.MEMBER]),
        (Role.OWNER, [Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER]),
    ],
)
def test_nobody_grants_a_role_above_their_own_and_admins_only_those_below(
    role: Role, grantable: list[Role], bob: User
) -> None:
    assert [other for other in Role if as_bob(bob, role).can_grant(other)] == grantable


@pytest.mark.parametrize(
    ("role", "editable"),
    [
        (Role.VIEWER, []),
        (Role.MEMBER, ["bob", "private bob"]),
        (Role.ADMIN, ["alice", "bob", "private bob", "nobody"]),
        (Role.OWNER, ["alice", "bob", "private bob", "nobody"]),
    ],
)
def test_bob_sees_the_teams_rows_and_edits_by_his_role(
    role: Role, editable: list[str], pictures: list[Asset], bob: User
) -> None:
    actor = as_bob(bob, role)
    visible = ["alice", "bob", "private bob", "nobody"]
    assert get_names(filter_visible(Asset.objects.order_by("pk"), actor)) == visible
    assert get_names([picture for picture in pictures if actor.can_see(picture)]) == visible
    assert get_names(filter_editable(Asset.objects.order_by("pk"), actor)) == editable
    assert get_names([picture for picture in pictures if actor.can_edit(picture)]) == editable
    withdrawable = sorted({*editable, "bob", "private bob"})
    own = ["bob", "private bob"] if editable else []
    for check, allowed in ((require_editable, editable), (require_withdrawable, withdrawable), (require_own, own)):
        assert sorted(name for name, is_allowed in try_on_all(check, actor, pictures) if is_allowed) == sorted(allowed)


def try_on_all(
    check: Callable[[Actor, Asset], None], actor: Actor, pictures: list[Asset]
) -> Iterator[tuple[str, bool]]:
    """Yield the name of each picture and whether the check lets the actor pass."""
    for picture in pictures:
        try:
            check(actor, picture)
        except PermissionDenied:
            yield get_names([picture])[0], False
        else:
            yield get_names([picture])[0], True


def get_names(pictures: Sequence[Asset]) -> list[str]:
    return [picture.name.removesuffix(".png") for picture in pictures]


def test_alice_sees_her_own_and_the_teams(alice: User, bob: User, pictures: list[Asset], rf: RequestFactory) -> None:
    visible = filter_visible(Asset.objects.order_by("pk"), as_actor(alice))
    assert get_names(visible) == ["alice", "bob", "private alice", "nobody"]
    for picture in visible:
        assert get_visible_or_404(request_as(alice, rf), Asset.objects.all(), uuid=picture.uuid)[0] == picture


def test_strangers_see_nothing_of_hers(charlie: User, picture: Asset, rf: RequestFactory) -> None:
    assert not filter_visible(Asset.objects.all(), as_actor(charlie)).exists()
    assert not filter_editable(Asset.objects.all(), as_actor(charlie)).exists()
    for person in (charlie, AnonymousUser()):
        with pytest.raises(Http404):
            get_visible_or_404(request_as(person, rf), Asset.objects.all(), uuid=picture.uuid)
        assert get_actor(person, picture.team) is None


def test_the_administrator_sees_nothing_of_others(alice: User, charlie: User, bob: User) -> None:
    assert alice.is_administrator
    assert list(filter_visible(Connection.objects.all(), as_actor(alice))) == [get_bundled(alice)]
    with pytest.raises(Http404):
        get_actor_or_404(alice, "elsewhere")


def test_a_private_row_is_missing_for_owners_and_admins(bob: User, alice: User, pictures: list[Asset],
                                                        rf: RequestFactory) -> None:  # fmt: skip
    private = Asset.objects.get(name="private bob.png")
    row, actor = get_visible_or_404(request_as(bob, rf), Asset.objects.all(), uuid=private.uuid)
    assert (row, actor) == (private, as_actor(bob))
    for role in (Role.OWNER, Role.ADMIN):
        Membership.objects.filter(user=alice).update(role=role)
        with pytest.raises(Http404):
            get_visible_or_404(request_as(alice, rf), Asset.objects.all(), uuid=private.uuid)


def test_a_private_row_is_missing_for_its_person_outside_the_team(
    bob: User, pictures: list[Asset], rf: RequestFactory
) -> None:
    private = Asset.objects.get(name="private bob.png")
    Membership.objects.filter(user=bob).delete()
    with pytest.raises(Http404):
        get_visible_or_404(request_as(bob, rf), Asset.objects.all(), uuid=private.uuid)


def test_a_strangers_row_and_no_row_are_refused_alike(charlie: User, picture: Asset, rf: RequestFactory) -> None:
    refusals = []
    for uuid in (picture.uuid, MISSING):
        with pytest.raises(Http404) as refusal:
            get_visible_or_404(request_as(charlie, rf), Asset.objects.all(), uuid=uuid)
        refusals.append(str(refusal.value))
    assert refusals[0] == refusals[1]


def test_the_row_decides_the_team_of_a_person_in_two(
    alice: User, charlie: User, picture: Asset, rf: RequestFactory
) -> None:
    Membership.objects.create(user=charlie, team=picture.team, role=Role.VIEWER)
    request = request_as(charlie, rf)
    _row, actor = get_visible_or_404(request, Asset.objects.all(), uuid=picture.uuid)
    assert (actor.team, actor.role) == (picture.team, Role.VIEWER)
    assert request.actor == actor  # type: ignore[attr-defined]
    assert as_actor(charlie).team.slug == "elsewhere"


def test_a_deactivated_user_sees_nothing(alice: User, picture: Asset, rf: RequestFactory) -> None:
    actor = as_actor(alice)
    alice.is_active = False
    assert find_home_actor(alice) is get_actor(alice, actor.team) is None
    with pytest.raises(Http404):
        get_actor_or_404(alice, "studio")
    with pytest.raises(Http404):
        get_visible_or_404(request_as(alice, rf), Asset.objects.all(), uuid=picture.uuid)
    with pytest.raises(PermissionDenied):
        show_administration(request_as(alice, rf))


@administrator_required
def show_administration(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the administrator's")


def test_only_administrators_see_the_administrators_pages(alice: User, bob: User, rf: RequestFactory) -> None:
    assert show_administration(request_as(alice, rf)).status_code == 200
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    for person in (bob, AnonymousUser()):
        with pytest.raises(PermissionDenied):
            show_administration(request_as(person, rf))


@team_page
def show_team(request: HttpRequest, actor: Actor) -> HttpResponse:
    assert request.actor == actor  # type: ignore[attr-defined]
    return HttpResponse(f"{actor.user} {actor.team.slug} {actor.role}")


def test_a_page_of_a_team_is_missing_for_strangers(bob: User, charlie: User, rf: RequestFactory) -> None:
    assert show_team(request_as(bob, rf), team="studio").content == b"bob studio member"
    for person, slug in ((charlie, "studio"), (AnonymousUser(), "studio"), (bob, "nowhere")):
        with pytest.raises(Http404, match="This team does not exist"):
            show_team(request_as(person, rf), team=slug)


def test_an_actor_is_found_in_two_queries_at_most(
    alice: User, picture: Asset, rf: RequestFactory, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        get_actor_or_404(alice, "studio")
    with django_assert_num_queries(2):  # type: ignore[operator]
        get_visible_or_404(request_as(alice, rf), Asset.objects.all(), uuid=picture.uuid)


def test_new_rows_are_the_teams_unless_made_private(bob: User) -> None:
    actor = as_actor(bob)
    assert actor.own().to_fields() == {
        "team_id": actor.team.pk,
        "created_by_id": bob.pk,
        "private_to_id": None,
    }
    assert actor.own(private=True).private_to_id == bob.pk


def test_rows_outlive_their_maker_but_private_ones_do_not(bob: User, pictures: list[Asset]) -> None:
    bob.delete()
    left = {name.removesuffix(".png"): maker for name, maker in Asset.objects.values_list("name", "created_by")}
    assert set(left) == {"alice", "bob", "private alice", "nobody", "charlie"}
    assert left["bob"] is None


def test_what_each_spends_is_for_admins_and_for_themselves(alice: User, bob: User, admin: User, viewer: User) -> None:
    for user, sees_all in ((alice, True), (admin, True), (bob, False), (viewer, False)):
        actor = as_actor(user)
        assert actor.can_see_all_usage == sees_all
        assert actor.can_see_usage_of(user.pk)
        assert [actor.can_see_usage_of(other) for other in (0, None)] == [sees_all] * 2
    writing = replace(as_actor(alice), scopes=frozenset({Scope.WRITE}))
    assert not writing.can_see_all_usage


class TestScopes:
    """A program with a token does what both the role and a scope of the token permit."""

    def act_as(self, user: User, *scopes: Scope) -> Actor:
        return replace(as_actor(user), scopes=frozenset(scopes))

    def test_no_scope_manages_anything(self, alice: User) -> None:
        program = self.act_as(alice, *Scope)
        managing = {
            Action.MANAGE_CONNECTIONS,
            Action.MANAGE_PEOPLE,
            Action.CORRECT_CHARGES,
            Action.MANAGE_BUDGETS,
            Action.OVERRIDE_BUDGETS,
            Action.MANAGE_TEAM,
            Action.SEE_AUDIT,
        }
        assert {action for action in Action if program.can(action)} == set(Action) - managing
        assert not program.can_grant(Role.VIEWER)

    def test_a_scope_adds_nothing_to_a_role(self, viewer: User) -> None:
        assert {action for action in Action if self.act_as(viewer, *Scope).can(action)} == {Action.SEE}

    def test_reading_changes_nothing(self, alice: User) -> None:
        program, picture = self.act_as(alice, Scope.READ), make_upload(alice)
        assert {action for action in Action if program.can(action)} == {Action.SEE, Action.SEE_ALL_USAGE}
        assert not program.can_edit(picture)
        assert not program.can_withdraw(picture)
        assert not filter_editable(Asset.objects.all(), program).exists()
