"""The calls about the token and the catalogue."""

from ninja import Router

from vanceweb.api.authentication import ApiRequest
from vanceweb.api.representations import describe_actor, describe_feature
from vanceweb.api.schemas import FeatureOut, Me
from vanceweb.catalogue.features import FEATURES
from vanceweb.teams.access import Action, require

router = Router(tags=["Account"])


@router.get("/me", response=Me, summary="Whoever the token acts as")
def get_me(request: ApiRequest) -> Me:
    """Tell the person, the team with their role, and the token's scopes."""
    return describe_actor(request.auth)


@router.get("/features", response=list[FeatureOut], summary="The catalogue of features")
def list_features(request: ApiRequest) -> list[FeatureOut]:
    """List the features with their credits and parameters."""
    require(request.auth, Action.SEE)
    return [describe_feature(feature) for feature in FEATURES]
