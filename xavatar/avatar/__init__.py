"""The avatar system of XEP-0084 and XEP-0153."""

from .avatar_set import AvatarSet, InvalidAvatarSet
from .choose import choose
from .descriptors import (
    AbstractAvatarDescriptor,
    HttpAvatarDescriptor,
    PubsubAvatarDescriptor,
    VCardAvatarDescriptor,
)
from .failures import AvatarMissing, ConnectionLost, NoProtocol, NotStored
from .fetch_url import UrlPolicy, UrlRefused, fetch_url
from .ids import is_sha1, normalize_id
from .plan import Caution, Current, Publication, PublicationFailed, Publisher, PublishPlan, Step, StepResult
from .service import AvatarService

__all__ = [
    "AbstractAvatarDescriptor",
    "AvatarMissing",
    "AvatarService",
    "AvatarSet",
    "Caution",
    "ConnectionLost",
    "Current",
    "HttpAvatarDescriptor",
    "InvalidAvatarSet",
    "NoProtocol",
    "NotStored",
    "Publication",
    "PublicationFailed",
    "PublishPlan",
    "Publisher",
    "PubsubAvatarDescriptor",
    "Step",
    "StepResult",
    "UrlPolicy",
    "UrlRefused",
    "VCardAvatarDescriptor",
    "choose",
    "fetch_url",
    "is_sha1",
    "normalize_id",
]
