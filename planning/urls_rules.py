"""Where the rules and official values are."""

from django.urls import path

from planning.views import drafts, rules, travel, value_changes, values, what_if

urlpatterns = [
    path("rules/", rules.rules_home, name="rules_home"),
    path("rules/thresholds/", rules.thresholds, name="thresholds"),
    path("rules/situations/", rules.threshold_situations, name="threshold_situations"),
    path("rules/counting/", rules.counting, name="counting"),
    path("rules/routing/", travel.routing_server, name="routing_server"),
    path("rules/routing/try/", travel.routing_try, name="routing_try"),
    path("rules/travel-times/", travel.travel_time_files, name="travel_time_files"),
    path("rules/visiting/", rules.visiting, name="visiting"),
    path("rules/calendar/", rules.calendar, name="calendar"),
    path("rules/calendar/holidays/new/", rules.holiday_create, name="holiday_create"),
    path("rules/calendar/holidays/<int:pk>/remove/", rules.holiday_delete, name="holiday_delete"),
    path("rules/drafts/<int:pk>/", drafts.draft_detail, name="draft_detail"),
    path("rules/drafts/<int:pk>/effect/", drafts.draft_effect, name="draft_effect"),
    path("rules/drafts/<int:pk>/compute/", drafts.draft_compute, name="draft_compute"),
    path("rules/drafts/<int:pk>/save/", drafts.draft_save, name="draft_save"),
    path("rules/drafts/<int:pk>/discard/", drafts.draft_discard, name="draft_discard"),
    path("rules/<slug:key>/", rules.rule_list, name="rule_list"),
    path("rules/<slug:key>/new/", rules.rule_create, name="rule_create"),
    path("rules/<slug:key>/<int:pk>/", rules.rule_edit, name="rule_edit"),
    path("rules/<slug:key>/<int:pk>/remove/", rules.rule_remove, name="rule_remove"),
    path("rules/<slug:key>/<int:pk>/restore/", rules.rule_restore, name="rule_restore"),
    path("what-if/", what_if.what_if, name="what_if"),
    path("what-if/save/", what_if.what_if_save, name="what_if_save"),
    path("touch-values/", values.touch_values, name="touch_values"),
    path("touch-values/adopt/", value_changes.touch_value_adopt, name="touch_value_adopt"),
    path("touch-values/reject/", value_changes.touch_value_reject, name="touch_value_reject"),
    path("touch-values/set/", value_changes.touch_value_set, name="touch_value_set"),
]
