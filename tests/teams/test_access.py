"""Users see their own rows and nothing of others."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory

from tests.conftest import make_picture_file
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import store_upload
from vanceweb.teams.access import filter_owned, get_owned_or_404, is_owner, owner_required
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection


@pytest.fixture
def picture(alice: User) -> Asset:
    return store_upload(owner=alice, file=make_picture_file(), name="alice.png")


def test_alice_sees_her_own(alice: User, picture: Asset) -> None:
    assert list(filter_owned(Asset.objects.all(), alice)) == [picture]
    assert get_owned_or_404(Asset.objects.all(), alice, uuid=picture.uuid) == picture


def test_others_see_nothing_of_hers(bob: User, charlie: User, picture: Asset) -> None:
    for person in (bob, charlie, AnonymousUser()):
        assert not filter_owned(Asset.objects.all(), person).exists()
        with pytest.raises(Http404):
            get_owned_or_404(Asset.objects.all(), person, uuid=picture.uuid)


def test_the_installations_owner_sees_nothing_of_others(alice: User, bob: User) -> None:
    assert is_owner(alice)
    assert [connection.owner for connection in filter_owned(Connection.objects.all(), alice)] == [alice]


def test_a_strangers_row_and_no_row_are_refused_alike(bob: User, picture: Asset) -> None:
    refusals = []
    for uuid in (picture.uuid, "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(Http404) as refusal:
            get_owned_or_404(Asset.objects.all(), bob, uuid=uuid)
        refusals.append(str(refusal.value))
    assert refusals[0] == refusals[1]


def test_a_deactivated_user_sees_nothing(alice: User, picture: Asset) -> None:
    alice.is_active = False
    assert not filter_owned(Asset.objects.all(), alice).exists()
    assert not is_owner(alice)


@owner_required
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("the owner's")


def test_only_the_owner_sees_the_owners_pages(alice: User, bob: User, rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = alice
    assert page(request).status_code == 200
    for person in (bob, AnonymousUser()):
        request.user = person
        with pytest.raises(PermissionDenied):
            page(request)
