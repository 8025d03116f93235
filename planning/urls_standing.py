"""Where we stand: counts, movements and what else its front page leads to."""

from django.urls import path

from planning.views import cost_of_sale, managers_week, normal_sale, standing

urlpatterns = [
    path("standing/", standing.standing, name="standing"),
    path("standing/counts/", standing.standing_counts, name="standing_counts"),
    path("standing/counts/moved/", standing.standing_counts_moved, name="standing_counts_moved"),
    path("managers-week/", managers_week.managers_week, name="managers_week"),
    path("standing/normal-sale/", normal_sale.normal_sale, name="normal_sale"),
    path("standing/cost-of-sale/", cost_of_sale.cost_of_sale, name="cost_of_sale"),
    path("standing/cost-of-sale/orders/", cost_of_sale.cost_of_sale_orders, name="cost_of_sale_orders"),
    path("standing/cost-of-sale/orders/<int:pk>/", cost_of_sale.cost_of_sale_order, name="cost_of_sale_order"),
]
