"""Addresses of people, teams and roles; those of signing in stand in accounts.sign_in_urls."""

from django.urls import include, path

from accounts.views import absences, access, audit, jobs, mails, memberships, people, profile, roles, security, teams

urlpatterns = [
    path("", include("accounts.sign_in_urls")),
    path("profile/", profile.profile, name="profile"),
    path("profile/mails/", mails.profile_mails, name="profile_mails"),
    path("mails/", mails.mail_list, name="mail_list"),
    path("mails/<int:pk>/", mails.mail_detail, name="mail_detail"),
    path("jobs/", jobs.job_list, name="job_list"),
    path("jobs/health/", jobs.job_health, name="job_health"),
    path("jobs/run/<slug:job>/", jobs.job_run, name="job_run"),
    path("jobs/<int:pk>/progress/", jobs.job_progress, name="job_progress"),
    path("jobs/<int:pk>/again/", jobs.job_again, name="job_again"),
    path("jobs/mails/again/", jobs.mails_again, name="mails_again"),
    path("audit/", audit.audit_list, name="audit_list"),
    path("audit/denied/", audit.audit_denied, name="audit_denied"),
    path("people/invite/", people.people_invite, name="people_invite"),
    path("people/", people.people_list, name="people_list"),
    path("people/add/", people.person_create, name="person_create"),
    path("people/<int:pk>/", people.person_detail, name="person_detail"),
    path("people/<int:pk>/edit/", people.person_edit, name="person_edit"),
    path("people/<int:pk>/reactivate/", people.person_reactivate, name="person_reactivate"),
    path("people/<int:pk>/send-link/", people.person_send_link, name="person_send_link"),
    path(
        "people/<int:pk>/second-factor/reset/", security.person_second_factor_reset, name="person_second_factor_reset"
    ),
    path("people/<int:pk>/memberships/add/", memberships.membership_create, name="membership_create"),
    path("memberships/<int:pk>/edit/", memberships.membership_edit, name="membership_edit"),
    path("people/<int:pk>/absences/add/", absences.absence_create, name="absence_create"),
    path("absences/<int:pk>/edit/", absences.absence_edit, name="absence_edit"),
    path("absences/<int:pk>/delete/", absences.absence_delete, name="absence_delete"),
    path("teams/", teams.team_list, name="team_list"),
    path("teams/add/", teams.team_create, name="team_create"),
    path("teams/<int:pk>/edit/", teams.team_edit, name="team_edit"),
    path("teams/<int:pk>/archive/", teams.team_archive, name="team_archive"),
    path("teams/<int:pk>/restore/", teams.team_restore, name="team_restore"),
    path("roles/", roles.role_list, name="role_list"),
    path("roles/add/", roles.role_create, name="role_create"),
    path("roles/<int:pk>/edit/", roles.role_edit, name="role_edit"),
    path("roles/<int:pk>/retire/", roles.role_retire, name="role_retire"),
    path("roles/<int:pk>/restore/", roles.role_restore, name="role_restore"),
    path("roles/access/", access.access_table, name="access_table"),
    path("roles/<int:pk>/access/", access.role_access, name="role_access"),
]
