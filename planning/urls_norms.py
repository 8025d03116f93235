"""Where the norms of the company are, and what they make one expect."""

from django.urls import path

from planning.views import call_plans, conditions, expected_business, time_to_business

urlpatterns = [
    path("call-plan/", call_plans.call_plan, name="call_plan"),
    path("call-plan/ask/", call_plans.call_plan_ask, name="call_plan_ask"),
    path("call-plan/judgements/", call_plans.call_judgements, name="call_judgements"),
    path("call-plan/judgements/set/", call_plans.call_judgement_set, name="call_judgement_set"),
    path("call-plan/settings/", call_plans.call_plan_settings, name="call_plan_settings"),
    path("call-plan/<int:pk>/adopt/", call_plans.call_plan_adopt, name="call_plan_adopt"),
    path("time-to-business/", time_to_business.time_to_business, name="time_to_business"),
    path("expected-business/", expected_business.expected_business, name="expected_business"),
    path("standing/what-moves-it/", conditions.what_moves_it, name="what_moves_it"),
]
