"""Appointments of those who are over their network's budget of joins."""

LAST_APPOINTMENT_MS = 240_000
"""Who is over their network's budget of joins gets an appointment, at most so far away; whoever
asks for the first time one within three quarters of it."""
APPOINTMENT_KEPT_MS = 60_000
"""How long it is good for who is late: a hidden tab's timers run once a minute."""
APPOINTMENT_HELD_MS = 10_000
"""How long its join is held back from everybody else. What nobody keeps goes to others then."""
MOST_APPOINTMENTS = 256
"""Of one network at a time, so that what is kept of it has a bound."""
NO_APPOINTMENT_MS = 30_000
"""Where all are given out, people are told to ask again after this, and up to half as long more."""
