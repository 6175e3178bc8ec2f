"""The remedies on the page of a job that failed."""

from django import template

from vanceweb.jobs.remedies import find_remedies

register = template.Library()
register.filter(find_remedies)
