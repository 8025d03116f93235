"""Where planning is: Today, the team's workload, special situations, rules and values."""

from django.urls import include, path

from planning.views import (
    absences,
    goals,
    own_rules,
    reports,
    rhythm,
    situations,
    today,
    touches_to_customer,
    work_value,
    workload,
)

urlpatterns = [
    path("", today.home, name="home"),
    path("today/", today.today, name="today"),
    path("workload/", workload.workload, name="workload"),
    path("workload/people/<int:pk>/<slug:week>/", workload.workload_person, name="workload_person"),
    path("workload/unstaffed/<int:pk>/<slug:week>/", workload.workload_unstaffed, name="workload_unstaffed"),
    path("goals/", goals.goal_history, name="goal_history"),
    path("goals/set/", goals.goal_list, name="goal_list"),
    path("goals/set/new/", goals.goal_create, name="goal_create"),
    path("goals/set/<int:pk>/", goals.goal_edit, name="goal_edit"),
    path("goals/set/<int:pk>/end/", goals.goal_end, name="goal_end"),
    path("goals/set/<int:pk>/archive/", goals.goal_archive, name="goal_archive"),
    path("goals/set/<int:pk>/restore/", goals.goal_restore, name="goal_restore"),
    path("rhythm/", rhythm.rhythm, name="rhythm"),
    path("work-value/", work_value.work_value, name="work_value"),
    path("work-value/people/<int:pk>/", work_value.work_value_person, name="work_value_person"),
    path("absences/", absences.absence_calendar, name="absence_calendar"),
    path("situations/", situations.situation_list, name="situation_list"),
    path("situations/<int:pk>/", situations.situation_detail, name="situation_detail"),
    path("situations/<int:pk>/acknowledge/", situations.situation_acknowledge, name="situation_acknowledge"),
    path("situations/<int:pk>/hours/", situations.situation_hours, name="situation_hours"),
    path("customers/<int:pk>/own-rules/add/", own_rules.own_rule_create, name="own_rule_create"),
    path("own-rules/<int:pk>/", own_rules.own_rule_edit, name="own_rule_edit"),
    path("own-rules/<int:pk>/end/", own_rules.own_rule_end, name="own_rule_end"),
    path("own-rules/<int:pk>/archive/", own_rules.own_rule_archive, name="own_rule_archive"),
    path("own-rules/<int:pk>/restore/", own_rules.own_rule_restore, name="own_rule_restore"),
    path("touches-to-customer/", touches_to_customer.touches_to_customer, name="touches_to_customer"),
    path("reports/<slug:name>/", reports.report, name="report"),
    path("", include("planning.urls_norms")),
    path("", include("planning.urls_rules")),
]
