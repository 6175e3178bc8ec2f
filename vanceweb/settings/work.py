"""Background work."""

from vanceweb.settings.environment import env

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["io", "engine"]}}
# A claimed row is released after this long without a heartbeat; a killed worker costs this much time.
LEASE_SECONDS = env.int("LEASE_SECONDS", 15)
# With three heartbeats per lease, a worker may miss two.
LEASE_HEARTBEAT_SECONDS = LEASE_SECONDS / 3
# How soon a worker notices that its row was cancelled or taken over; one short query each time and for each row.
LEASE_LOOK_SECONDS = 1.0
# The longest time after which delayed work begins late; one short query for each kind of work and round.
SWEEP_INTERVAL = env.float("SWEEP_INTERVAL", 1.0)
# The functions the sweeper calls in turn in each round, without arguments.
SWEEPS: list[str] = [
    "vanceweb.ops.sweeps.wake_due_rows_of_all_kinds",
    "vanceweb.usage.sweeps.request_changed_histories",
    "vanceweb.usage.sweeps.rebuild_usage",
    "vanceweb.jobs.token_holds.hold_jobs_of_rejected_tokens",
    "vanceweb.jobs.token_holds.release_jobs_of_accepted_tokens",
    "vanceweb.jobs.credit_holds.release_jobs_with_budget",
    "vanceweb.jobs.credit_holds.release_jobs_with_credits",
    "vanceweb.api.sweeps.report_ended_jobs",
]
# Its housekeeping, every few rounds.
CHORES: list[str] = [
    "vanceweb.engine.sweeps.fail_overdue_transforms",
    "vanceweb.engine.sweeps.delete_expired_files",
    "vanceweb.jobs.sweeps.fail_overdue_jobs",
    "vanceweb.jobs.credit_holds.release_forgotten_reservations",
    "vanceweb.vault.sweeps.schedule_daily_checks",
    "vanceweb.gallery.sweeps.delete_unused_blobs",
    "vanceweb.gallery.sweeps.remove_ended_links",
    "vanceweb.jobs.sweeps.delete_unused_uploads",
    "vanceweb.throttling.sweeps.remove_ended_windows",
    "vanceweb.api.sweeps.remove_old_rows",
    "vanceweb.usage.sweeps.remove_expired_exports",
    "vanceweb.ops.sweeps.remove_old_tasks",
    "vanceweb.teams.sweeps.remove_old_events",
    "vanceweb.ops.stray_sweep.remove_stray_files",
    "vanceweb.ops.heartbeats.remove_old_heartbeats",
    "vanceweb.ops.temporary_files.remove_old_temporary_files",
    "vanceweb.ops.team_deletion.delete_overdue_teams",
]
# Each kind of work: the task that takes the best due row, and the function that sends it messages for due rows.
WAKEUPS: dict[str, str] = {
    "vanceweb.engine.tasks.run_transforms": "vanceweb.engine.sweeps.wake_due_transforms",
    "vanceweb.engine.tasks.deliver_webhooks": "vanceweb.engine.sweeps.wake_due_deliveries",
    "vanceweb.jobs.tasks.advance_jobs": "vanceweb.jobs.sweeps.wake_due_jobs",
    "vanceweb.jobs.tasks.poll_services": "vanceweb.jobs.sweeps.wake_due_polls",
    "vanceweb.gallery.tasks.make_thumbnails": "vanceweb.gallery.sweeps.wake_due_thumbnails",
    "vanceweb.vault.tasks.check_connections": "vanceweb.vault.sweeps.wake_due_checks",
    "vanceweb.teams.tasks.send_invitations": "vanceweb.teams.sweeps.wake_due_invitations",
    "vanceweb.budgets.tasks.send_alert_mails": "vanceweb.budgets.sweeps.wake_due_mails",
    "vanceweb.usage.tasks.sync_histories": "vanceweb.usage.sweeps.wake_due_histories",
    "vanceweb.usage.tasks.write_exports": "vanceweb.usage.sweeps.wake_due_exports",
    "vanceweb.api.tasks.fetch_pictures": "vanceweb.api.sweeps.wake_due_fetches",
    "vanceweb.api.tasks.deliver_events": "vanceweb.api.sweeps.wake_due_deliveries",
}
# Finished tasks only help to find a current fault; a job creates about one per second.
TASK_KEEP_SECONDS = env.int("TASK_KEEP_SECONDS", 3600)
