from django.urls import path

from vanceweb.budgets import views, views_prices

urlpatterns = [
    path("t/<slug:team>/usage/budgets/", views.budgets, name="budgets"),
    path("t/<slug:team>/usage/budgets/add/", views.budget_add, name="budget-add"),
    path("t/<slug:team>/usage/budgets/<uuid:uuid>/", views.budget_edit, name="budget-edit"),
    path("t/<slug:team>/usage/budgets/<uuid:uuid>/delete/", views.budget_delete, name="budget-delete"),
    path("t/<slug:team>/usage/prices/", views_prices.prices, name="credit-prices"),
    path("t/<slug:team>/usage/prices/<int:price>/delete/", views_prices.price_delete, name="credit-price-delete"),
]
