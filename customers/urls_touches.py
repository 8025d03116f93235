"""Addresses of touches, planned touches and internal work."""

from django.urls import path

from customers.views import internal_work, outreach, planned_touches, touches

urlpatterns = [
    path("touches/log/", touches.log_touch, name="log_touch"),
    path("touches/log/fields/", touches.log_touch_fields, name="log_touch_fields"),
    path("touches/outreach/", outreach.outreach, name="outreach"),
    path("touches/implausible/", touches.implausible_touches, name="implausible_touches"),
    path("touches/<int:pk>/", touches.touch_detail, name="touch_detail"),
    path("touches/<int:pk>/edit/", touches.touch_edit, name="touch_edit"),
    path("touches/<int:pk>/history/", touches.touch_history, name="touch_history"),
    path("touches/<int:pk>/undo/", touches.touch_undo, name="touch_undo"),
    path("touches/<int:pk>/restore/", touches.touch_restore, name="touch_restore"),
    path("planned/new/", planned_touches.planned_create, name="planned_create"),
    path("planned/put-off/", planned_touches.planned_put_off, name="planned_put_off"),
    path("planned/<int:pk>/edit/", planned_touches.planned_edit, name="planned_edit"),
    path("planned/<int:pk>/cancel/", planned_touches.planned_cancel, name="planned_cancel"),
    path("planned/<int:pk>/restore/", planned_touches.planned_restore, name="planned_restore"),
    path("work/log/", internal_work.work_log, name="work_log"),
    path("work/<int:pk>/edit/", internal_work.work_edit, name="work_edit"),
    path("work/<int:pk>/undo/", internal_work.work_undo, name="work_undo"),
    path("work/<int:pk>/restore/", internal_work.work_restore, name="work_restore"),
]
