"""The avatar system of XEP-0084 and XEP-0153."""

from .avatar_set import AvatarSet, InvalidAvatarSet
from .choose import choose
from .descriptors import (
    AbstractAvatarDescriptor,
    HttpAvatarDescriptor,
    PubsubAvatarDescriptor,
    VCardAvatarDescriptor,
)
from .ids import is_sha1, normalize_id
from .service import AvatarService

__all__ = [
    "AbstractAvatarDescriptor",
    "AvatarService",
    "AvatarSet",
    "HttpAvatarDescriptor",
    "InvalidAvatarSet",
    "PubsubAvatarDescriptor",
    "VCardAvatarDescriptor",
    "choose",
    "is_sha1",
    "normalize_id",
]
