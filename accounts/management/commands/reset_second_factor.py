"""Takes the second factor from somebody who lost everything, where no administrator can."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.actions.second_factors import reset_second_factor
from accounts.models import User
from territory import clock


class Command(BaseCommand):
    help = "Take authenticator app, recovery codes and passkeys from a person; they sign in with their password alone."

    def add_arguments(self, parser):
        parser.add_argument("email", metavar="EMAIL")

    def handle(self, *, email: str, **_options):
        person = User.objects.filter(email__iexact=email.strip()).first()
        if person is None:
            raise CommandError(f"Nobody has the e-mail address {email}.")
        try:
            reset_second_factor(actor=None, now=clock.now(), person=person)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"The second factor of {person.name} was taken away. They were signed out and get a mail.")
