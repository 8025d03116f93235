"""Addresses of expenses."""

from django.urls import path

from customers.views import expenses

urlpatterns = [
    path("expenses/", expenses.expense_list, name="expense_list"),
    path("expenses/export.csv", expenses.expense_export, name="expense_export"),
    path("expenses/new/", expenses.expense_create, name="expense_create"),
    path("expenses/way/", expenses.expense_way, name="expense_way"),
    path("expenses/approve/", expenses.expenses_approve, name="expenses_approve"),
    path("expenses/<int:pk>/", expenses.expense_detail, name="expense_detail"),
    path("expenses/<int:pk>/edit/", expenses.expense_edit, name="expense_edit"),
    path("expenses/<int:pk>/submit/", expenses.expense_submit, name="expense_submit"),
    path("expenses/<int:pk>/take-back/", expenses.expense_take_back, name="expense_take_back"),
    path("expenses/<int:pk>/decide/", expenses.expense_decide, name="expense_decide"),
    path("expenses/<int:pk>/remove/", expenses.expense_remove, name="expense_remove"),
    path("expenses/<int:pk>/restore/", expenses.expense_restore, name="expense_restore"),
    path("expenses/<int:pk>/receipt/", expenses.expense_receipt, name="expense_receipt"),
]
