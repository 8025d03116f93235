"""Mail that lets a person choose a password."""

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.utils import user_pk_to_url_str

from accounts.models import User


def mail_password_link(person: User) -> None:
    """Send the same mail as "forgot password" does.

    The link ends with the first use, a changed address or deactivation.
    """
    adapter = get_adapter()
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(person)
    uid = user_pk_to_url_str(person)
    context = {
        "user": person,
        "password_reset_url": adapter.get_reset_password_from_key_url(f"{uid}-{token}"),
        "uid": uid,
        "key": token,
    }
    adapter.send_password_reset_mail(person, person.email, context)
