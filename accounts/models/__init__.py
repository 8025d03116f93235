"""People: who sells, in which team, in which role, and when they are away."""

from .absences import Absence
from .covers import Cover
from .handed_over import HandedOver
from .memberships import JobProfile, Membership
from .roles import Role, RoleFunction
from .second_factors import Authenticator
from .sessions import UserSession
from .teams import Team
from .users import User

__all__ = [
    "Absence",
    "Authenticator",
    "Cover",
    "HandedOver",
    "JobProfile",
    "Membership",
    "Role",
    "RoleFunction",
    "Team",
    "User",
    "UserSession",
]
