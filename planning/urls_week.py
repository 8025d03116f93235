"""Where a person's week of visits is."""

from django.urls import path

from planning.views import my_calendar, my_week

urlpatterns = [
    path("my-week/", my_week.my_week, name="my_week"),
    path("my-week/plan/", my_week.my_week_plan, name="my_week_plan"),
    path("my-week/accept/", my_week.my_week_accept, name="my_week_accept"),
    path("my-week/late/", my_week.my_week_late, name="my_week_late"),
    path("my-week/stops/<int:pk>/move/", my_week.my_week_stop_move, name="my_week_stop_move"),
    path("my-week/stops/<int:pk>/lock/", my_week.my_week_stop_lock, name="my_week_stop_lock"),
    path("my-week/feed/", my_calendar.my_week_feed, name="my_week_feed"),
    path("my-week/feed/renew/", my_calendar.my_week_feed_renew, name="my_week_feed_renew"),
    path("my-week/feed/revoke/", my_calendar.my_week_feed_revoke, name="my_week_feed_revoke"),
    path("busy-times/add/", my_calendar.busy_time_create, name="busy_time_create"),
    path("busy-times/<int:pk>/edit/", my_calendar.busy_time_edit, name="busy_time_edit"),
    path("busy-times/<int:pk>/remove/", my_calendar.busy_time_remove, name="busy_time_remove"),
    path("calendar/<slug:token>.ics", my_calendar.calendar_feed, name="calendar_feed"),
]
